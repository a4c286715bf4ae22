"""Rows as well-known datasets have them: what becomes of each."""

import json

import pytest

from sdrrl_data.recipe import SeedsConfig
from sdrrl_data.steps import seeds


def read(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return seeds.read([SeedsConfig(source=str(path))], None)


def read_questions(path, rows):
    """The messages, reference and source id of each seed; roles by their first letter."""
    part = read(path, rows)
    assert part.set_aside.is_empty()
    return [
        ([(message["role"][0], message["content"]) for message in messages], reference, source_id)
        for messages, reference, source_id in part.rows.select("messages", "reference", "source_id").iter_rows()
    ]


TURNS = [("u", "Why?"), ("a", "So."), ("u", "And then?")]
IMAGE = {"type": "image_url", "image_url": {"url": "data:,"}}

FORMATS = {
    "Alpaca": (
        {"instruction": "Add.", "input": "1 + 1", "output": "2", "text": "Below is an instruction: Add."},
        ([("u", "Add.\n\n1 + 1")], "2", None),
    ),
    "Alpaca with history and system prompt (LLaMA-Factory)": (
        {
            "instruction": "And then?",
            "input": "",
            "output": "Thus.",
            "system": "Be brief.",
            "history": [["Why?", "So."]],
        },
        ([("s", "Be brief."), *TURNS], "Thus.", None),
    ),
    "history as JSON, as a table has it": (
        {"instruction": "And then?", "history": '[["Why?", "So."]]', "system": "", "output": "Thus."},
        (TURNS, "Thus.", None),
    ),
    "history of nothing": ({"instruction": "Why?", "history": [], "output": "So."}, ([("u", "Why?")], "So.", None)),
    "Dolly": (
        {"instruction": "When?", "context": "It was 2000.", "response": "2000", "category": "closed_qa"},
        ([("u", "When?\n\nIt was 2000.")], "2000", None),
    ),
    "OpenOrca": (
        {"id": "niv.1", "system_prompt": "Be kind.", "question": "Why?", "response": "So."},
        ([("s", "Be kind."), ("u", "Why?")], "So.", "niv.1"),
    ),
    "OpenOrca without a system prompt": (
        {"id": "niv.1", "system_prompt": "", "question": "Why?", "response": "So."},
        ([("u", "Why?")], "So.", "niv.1"),
    ),
    "ShareGPT": (
        {
            "id": "x_0",
            "conversations": [
                {"from": "human", "value": "Why?"},
                {"from": "gpt", "value": "So."},
                {"from": "human", "value": "And then?"},
                {"from": "chatgpt", "value": "Thus."},
            ],
        },
        (TURNS, "Thus.", "x_0"),
    ),
    "ShareGPT with a system prompt beside it": (
        {
            "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}],
            "system": "Be brief.",
            "tools": "[]",
        },
        ([("s", "Be brief."), ("u", "Why?")], "So.", None),
    ),
    "ShareGPT with two system prompts: that of the conversation": (
        {
            "conversations": [{"from": "system", "value": "Be kind."}, {"from": "human", "value": "Why?"}],
            "system": "No.",
        },
        ([("s", "Be kind."), ("u", "Why?")], None, None),
    ),
    "SlimOrca: an empty system prompt": (
        {"conversations": [{"from": "system", "value": ""}, {"from": "human", "value": "Why?", "weight": None}]},
        ([("u", "Why?")], None, None),
    ),
    "OpenAI with parts and reasoning": (
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Why?"}, {"type": "text", "text": "Now."}]},
                {"role": "assistant", "content": "So.", "reasoning_content": "Well.", "tool_calls": None},
            ]
        },
        ([("s", "Be brief."), ("u", "Why?\nNow.")], "So.", None),
    ),
    "OpenAI: nothing but reasoning is no answer": (
        {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": None, "tool_calls": ""}]},
        ([("u", "Why?")], None, None),
    ),
    "reasoning as a part": (
        {
            "messages": [
                {"role": "user", "content": "Why?"},
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "Well."}, {"type": "text", "text": "So."}],
                },
            ]
        },
        ([("u", "Why?")], "So.", None),
    ),
    "messages as JSON, as a table has them": (
        {"messages": '[{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]'},
        ([("u", "Why?")], "So.", None),
    ),
    "messages as an object of lists, as datasets has them": (
        {"conversations": {"from": ["human", "gpt"], "value": ["Why?", "So."]}},
        ([("u", "Why?")], "So.", None),
    ),
    "LIMA": ({"conversations": ["Why?", "So.", "And then?", "Thus."], "source": "wiki"}, (TURNS, "Thus.", None)),
    "LIMA's test split": ({"conversations": ["Why?"], "source": "wiki"}, ([("u", "Why?")], None, None)),
    "UltraChat": ({"id": "0", "data": ["Why?", "So.", "And then?", "Thus."]}, (TURNS, "Thus.", "0")),
    "UltraChat as JSON": ({"id": 1, "data": '["Why?", "So."]'}, ([("u", "Why?")], "So.", "1")),
    "UltraChat 200k, No Robots": (
        {
            "prompt": "Why?",
            "prompt_id": "f0e3",
            "messages": [{"content": "Why?", "role": "user"}, {"content": "So.", "role": "assistant"}],
        },
        ([("u", "Why?")], "So.", "f0e3"),
    ),
    "WildChat": (
        {
            "conversation_hash": "c9ec",
            "conversation": [
                {"content": "Why?", "role": "user", "redacted": False, "turn_identifier": 1},
                {"content": "So.", "role": "assistant", "redacted": False},
            ],
            "turn": 1,
        },
        ([("u", "Why?")], "So.", "c9ec"),
    ),
    "Capybara": (
        {
            "source": "x",
            "conversation": [{"input": "Why?", "output": "So."}, {"input": "And then?", "output": "Thus."}],
        },
        (TURNS, "Thus.", None),
    ),
    "Aya": (
        {"inputs": "Why?", "targets": "So.", "language": "English", "user_id": "u"},
        ([("u", "Why?")], "So.", None),
    ),
    "UltraFeedback": (
        {
            "prompt": "Why?",
            "prompt_id": "p",
            "chosen": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
            "rejected": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "No."}],
        },
        ([("u", "Why?")], "So.", "p"),
    ),
    "LLaMA-Factory's preferences": (
        {"conversations": [{"from": "human", "value": "Why?"}], "chosen": {"from": "gpt", "value": "So."}},
        ([("u", "Why?")], "So.", None),
    ),
    "IFEval": ({"key": 1000, "prompt": "Why?", "instruction_id_list": []}, ([("u", "Why?")], None, "1000")),
}


@pytest.mark.parametrize(("row", "expected"), FORMATS.values(), ids=FORMATS)
def test_each_format_is_read_whole(tmp_path, row, expected):
    assert read_questions(tmp_path / "a.jsonl", [row]) == [expected]


def test_each_instance_of_self_instruct_is_a_question(tmp_path):
    rows = [
        {
            "id": "seed_task_1",
            "name": "antonyms",
            "instruction": "What is the relation of these pairs?",
            "instances": [{"input": "Night : Day", "output": "Opposites."}, {"input": "a : A", "output": "Case."}],
            "is_classification": False,
        },
        {"id": "seed_task_2", "instruction": "Say hello.", "instances": [{"input": "", "output": "Hello."}]},
    ]
    question = "What is the relation of these pairs?"
    assert read_questions(tmp_path / "a.jsonl", rows) == [
        ([("u", f"{question}\n\nNight : Day")], "Opposites.", "seed_task_1"),
        ([("u", f"{question}\n\na : A")], "Case.", "seed_task_1"),
        ([("u", "Say hello.")], "Hello.", "seed_task_2"),
    ]
    [columns] = read(tmp_path / "a.jsonl", rows).columns
    taken = "question: 'instruction'; input, reference: 'instances'; id: 'id'"
    assert columns.sentence().endswith(f"({taken}; not taken: 'name' and 'is_classification')")
    assert not columns.unused


def message(id, role, text, *replies, **more):
    return {"message_id": id, "role": role, "text": text, "lang": "en", **more, "replies": list(replies)}


TREE = message(
    *("t1", "prompter", "Why?"),
    message("r1", "assistant", "I do not know.", rank=1),
    message(
        *("r0", "assistant", "So."),
        message("p2", "prompter", "And then?", message("r2", "assistant", "Thus.", deleted=False)),
        message("p3", "prompter", "Buy this!", review_result=False),
        rank=0,
    ),
    review_result=True,
)
THREADS = [([("u", "Why?")], "So.", "t1"), (TURNS, "Thus.", "p2")]


def flat(tree, parent=None, tree_id="t1"):
    yield {key: value for key, value in tree.items() if key != "replies"} | {
        "parent_id": parent,
        "message_tree_id": tree_id,
    }
    for reply in tree["replies"]:
        yield from flat(reply, tree["message_id"], tree_id)


def test_each_thread_of_an_oasst_tree_is_a_question(tmp_path):
    row = {"message_tree_id": "t1", "tree_state": "ready_for_export", "prompt": TREE}
    assert read_questions(tmp_path / "a.jsonl", [row]) == THREADS


def test_the_messages_of_an_oasst_tree_may_be_rows(tmp_path):
    lost = message("x", "assistant", "So.")
    rows = [*flat(TREE), *flat(lost, "gone", "t2"), *flat(message("t3", "prompter", "Who?"), None, "t3"), {"a": 1}]
    part = read(tmp_path / "a.jsonl", rows)
    assert part.rows["source_id"].to_list() == ["t1", "p2", "t3"]
    assert part.rows["source"].to_list() == ["a.jsonl:1", "a.jsonl:4", "a.jsonl:8"]
    assert part.rows["reference"].to_list() == ["So.", "Thus.", None]
    assert dict(part.set_aside.select("id", "reason").iter_rows()) == {
        "a.jsonl:2": "another reply is ranked higher, and no question follows this one",
        "a.jsonl:6": "the message was deleted, failed its review, is empty, or replies to such a message",
        "a.jsonl:7": "the message that it replies to does not stand beside it",
        "a.jsonl:9": "not a message of a tree",
    }


def test_messages_that_reply_to_each_other_in_a_circle_are_set_aside(tmp_path):
    good = message("t1", "prompter", "Why?")
    circle = [*flat(message("a", "prompter", "Why?"), "b"), *flat(message("b", "assistant", "So."), "a")]
    part = read(tmp_path / "a.jsonl", [*flat(good), *circle, *flat(good)])
    assert part.rows["source_id"].to_list() == ["t1"]
    assert part.set_aside["id"].to_list() == ["a.jsonl:4", "a.jsonl:2", "a.jsonl:3"]


@pytest.mark.parametrize("parent", [[], {}, 0, False, ["t1"]])
def test_a_message_whose_parent_is_no_id_is_set_aside(tmp_path, parent):
    rows = [*flat(message("t1", "prompter", "Why?")), *flat(message("a", "prompter", "How?"), parent)]
    part = read(tmp_path / "a.jsonl", rows)
    assert part.rows["source_id"].to_list() == ["t1"]
    assert dict(part.set_aside.select("id", "reason").iter_rows()) == {"a.jsonl:2": "not a message of a tree"}


def test_a_rank_may_be_any_number(tmp_path):
    replies = [message(name, "assistant", name, rank=rank) for name, rank in (("b", 10**400), ("a", 0.5), ("c", None))]
    tree = message("t1", "prompter", "Why?", *replies)
    assert read_questions(tmp_path / "a.jsonl", [{"prompt": tree}])[0][1] == "a"


CALLS = {
    "the role tool": {"messages": [{"role": "user", "content": "Why?"}, {"role": "tool", "content": "1"}]},
    "LLaMA-Factory's roles": {
        "conversations": [{"from": "human", "value": "Why?"}, {"from": "function_call", "value": "{}"}]
    },
    "tool_calls": {
        "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": None, "tool_calls": [{}]}]
    },
    "function_call": {
        "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "function_call": {"name": "a"}}]
    },
    "a call in a turn": {
        "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "<tool_call>{}</tool_call>"}]
    },
    "a call in an answer": {"instruction": "Why?", "output": "<tool_call>\n{}\n</tool_call>"},
    "a part": {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "1"}]}]},
    "tools as JSON": {"instruction": "Why?", "tools": '[{"name": "a"}]'},
    "tools": {"messages": [{"role": "user", "content": "Why?"}], "tools": [{"type": "function"}]},
}


@pytest.mark.parametrize("row", CALLS.values(), ids=CALLS)
def test_a_row_with_tool_calls_is_set_aside(tmp_path, row):
    part = read(tmp_path / "a.jsonl", [row, {"question": "Who?", "tools": "[]"}, {"question": "When?", "tools": None}])
    assert part.set_aside["id"].to_list() == ["a.jsonl:1"]
    assert part.set_aside["reason"][0].startswith("tool calls: “")  # so that all of them are counted together
    assert part.rows.height == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"messages": [{"role": "user", "content": [IMAGE]}]},
            "turn 1 has a part of the type 'image_url', which is not",
        ),
        ({"instruction": "Why?", "history": "So."}, "'history' is not a list of questions and answers"),
        ({"instruction": "Why?", "history": [["Who?", ""]]}, "'history' does not end with an answer"),
        (
            {"instruction": "Why?", "history": [["Who?"]]},
            "'history': turn 1 is not an object with a role and a content",
        ),
        ({"instruction": "Why?", "instances": ["So."]}, "'instances' is not a list of objects with input and output"),
        ({"instruction": "Why?", "system": 3}, "'system' is not a text"),
        ({"question": "Why?", "context": {"title": ["a"]}}, "'context' is not a text"),
        ({"prompt": message("a", "spammer", "Why?")}, "a message of the tree has the role 'spammer', not prompter or"),
        ({"prompt": message("a", "prompter", "Why?", deleted=True)}, "the message was deleted, failed its review"),
        ({"prompt": message("a", "prompter", "Why?", 3)}, "a message of the tree has no text"),
        ({"prompt": message("a", "assistant", "So.", message("b", "assistant", "So."))}, "'prompt' has no question of"),
        *(
            (
                {"prompt": {"role": "prompter", "text": "Why?", "replies": replies}},
                "the replies to a message of the tree",
            )
            for replies in (7, 1.5, True, "So.", {"text": "So."})
        ),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant"}, {"role": "user", "content": "b"}]},
            "turn 2 is empty",
        ),
    ],
)
def test_what_is_not_understood_is_set_aside_with_the_reason(tmp_path, row, reason):
    part = read(tmp_path / "a.jsonl", [row, {"question": "Who?"}])
    assert part.rows["source"].to_list() == ["a.jsonl:2"]
    assert part.set_aside["reason"][0].startswith(reason)
    assert json.loads(part.set_aside["row"][0]) == row
