import csv
import hashlib
import json
import shlex

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import SeedFieldsConfig, SeedsConfig, overrides
from sdrrl_data.run import SET_ASIDE
from sdrrl_data.steps import seeds
from sdrrl_data.steps.seeds import READ_SCHEMA
from tests.support import hub

QUESTION = {"instruction": "What is the capital of Peru?", "output": "Lima."}


def read(source, limit):
    return seeds.read([source], limit)


def jsonl(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return SeedsConfig(source=str(path))


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return SeedsConfig(source=str(path))


def user(text):
    return [{"role": "user", "content": text}]


def only(tmp_path, row, **fields):
    """The messages and the reference of a single row."""
    part = read(jsonl(tmp_path / "a.jsonl", row).model_copy(update={"fields": SeedFieldsConfig(**fields)}), None)
    assert part.set_aside.is_empty()
    return part.rows["messages"][0].to_list(), part.rows["reference"][0]


def reasons(settings):
    return read(settings, None).set_aside["reason"].to_list()


def test_a_row_of_the_table(tmp_path):
    part = read(jsonl(tmp_path / "tasks.jsonl", QUESTION), None)
    assert part.rows.schema == pl.Schema(READ_SCHEMA)
    assert part.set_aside.schema == pl.Schema(SET_ASIDE)
    assert part.rows.rows() == [
        # If this id ever changes, every run on disk becomes useless: change the schema version with it.
        ("2392d7612c53a169", user("What is the capital of Peru?"), "Lima.", "tasks.jsonl:1", None)
    ]


def test_id_is_a_hash_of_the_canonical_messages(tmp_path):
    messages = [{"role": "system", "content": "Be “brief”.\t\x00"}, *user('Say "\\n"\n🦙')]
    canonical = json.dumps(messages, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    part = read(jsonl(tmp_path / "a.jsonl", {"messages": messages}), None)
    assert part.rows["id"].to_list() == [hashlib.blake2b(canonical.encode(), digest_size=8).hexdigest()]


@pytest.mark.parametrize(
    ("row", "question", "reference"),
    [
        ({"instruction": "Add.", "input": "1 + 1", "output": "2"}, "Add.\n\n1 + 1", "2"),
        ({"instruction": "Add.\n", "input": "    x = 1\n"}, "Add.\n\n    x = 1", None),
        ({"instruction": "Sum up.", "context": "It rained.", "response": "Rain."}, "Sum up.\n\nIt rained.", "Rain."),
        ({"instruction": "Why?", "input": "", "output": " So. \n"}, "Why?", " So. \n"),
        ({"instruction": "Why?", "input": " \n", "output": " \n"}, "Why?", None),
        ({"instruction": " \n Why,\n  then? ", "input": None}, "Why,\n  then?", None),
        ({"prompt": "Why?", "completion": "So."}, "Why?", "So."),
        ({"prompt": user("Why?"), "completion": [{"role": "assistant", "content": "So."}]}, "Why?", "So."),
        ({"question": "Why?", "answer": "So.", "context": "It rained."}, "Why?\n\nIt rained.", "So."),
        ({"instruction": "", "question": "Why?"}, "Why?", None),
        ({"messages": [], "prompt": "Why?", "output": "", "answer": "So."}, "Why?", "So."),
        ({"Question": "Why?", "ANSWER": "So."}, "Why?", "So."),
        ({"prompt": "Why?", "input": "It rained.", "context": "A lot."}, "Why?\n\nIt rained.\n\nA lot.", None),
        ({"question": "Why?", "context": ["It rained.", "A lot."]}, "Why?\n\nIt rained.\n\nA lot.", None),
        *(
            ({"instruction": "Why?", "input": nothing, "output": "So."}, "Why?", "So.")
            for nothing in ("<noinput>", " N/A ", "nan", "None", "null", "No input", float("nan"), [], {})
        ),
        ({"question": "Why?", "answer": 3}, "Why?", None),
        ({"instruction": None, "question": "Why?"}, "Why?", None),
        ({"question": "Who?", "instruction": "Why?"}, "Why?", None),
        ({"messages": user(" Why?\n"), "answer": "So."}, "Why?", "So."),
        ({"messages": [*user("Why?"), {"role": "assistant", "content": "So."}], "answer": "No."}, "Why?", "So."),
        ({"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]}, "Why?", "So."),
    ],
)
def test_finds_question_and_reference(tmp_path, row, question, reference):
    assert only(tmp_path, row) == (user(question), reference)


def test_keeps_system_prompt_and_earlier_turns(tmp_path):
    turns = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": " Why? "},
        {"from": "gpt", "value": " So. "},
        {"from": "human", "value": " And then? "},
    ]
    assert only(tmp_path, {"conversations": turns})[0] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " Why? "},
        {"role": "assistant", "content": " So. "},
        {"role": "user", "content": "And then?"},
    ]


@pytest.mark.parametrize(
    ("fields", "question", "reference"),
    [
        ({"question": "title"}, "Why?", "So."),
        ({"question": "title", "input": "body"}, "Why?\n\nIt rained.", "So."),
        ({"question": "title", "reference": "gold"}, "Why?", "Thus."),
        ({"messages": "chat"}, "Who?", "I."),
        ({"messages": "chat", "reference": "gold"}, "Who?", "Thus."),
        ({"question": "chat"}, "Who?", "I."),
        ({"question": "context"}, "It snowed.", "So."),
        ({"question": "title", "input": "context"}, "Why?\n\nIt snowed.", "So."),
    ],
)
def test_takes_the_columns_it_is_given(tmp_path, fields, question, reference):
    chat = [*user("Who?"), {"role": "assistant", "content": "I."}]
    row = {"title": "Why?", "body": "It rained.", "gold": "Thus.", "answer": "So.", "chat": chat}
    if "context" in fields.values():
        row["context"] = "It snowed."
    assert only(tmp_path, row, **fields) == (user(question), reference)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "not JSON (Expecting property name enclosed in double quotes at column 2)"),
        ("[" * 100_000, "not JSON that can be read"),
        ("1" * 5000, "not JSON that can be read"),
        ('{"instruction": "\\ud800"}', "not valid Unicode (a lone surrogate)"),
        ('{"instruction": "Why?", "output": "\\ud800"}', "not valid Unicode (a lone surrogate)"),
        ("[1]", "not an object with named fields"),
        ({"instruction": " "}, "'instruction' is empty"),
        ({"instruction": "", "input": "1 + 1"}, "'instruction' is empty"),
        ({"instruction": None}, "no column with a usual name of a question has anything in it"),
        ({"text": "Why?"}, "no column with a usual name of a question has anything in it"),
        ({"instruction": 5}, "'instruction' is not a text"),
        ({"instruction": "Add.", "input": 5}, "'input' is not a text"),
        ({"messages": "Why?"}, "'messages' is not a list of messages"),
        ({"messages": []}, "'messages' does not end with a question of the user"),
        (
            {"messages": [{"role": "assistant", "content": "So."}]},
            "'messages' does not end with a question of the user",
        ),
        ({"messages": ["Why?"]}, "turn 1 is not an object with a role and a content"),
        ({"messages": user(" ")}, "turn 1 is empty"),
        ({"messages": user(None)}, "turn 1 has no text"),
        ({"messages": [*user("Why?"), {"role": "tool", "content": "1"}]}, "tool calls: “turn 2 has the role 'tool'”"),
        ({"messages": [{"role": ["\ud800"], "content": "1"}]}, "turn 1 has the role ['\\ud800']"),
        (
            {"messages": [*user("Why?"), {"role": "system", "content": "Be brief."}]},
            "turn 2 is a system prompt, which only the first can be",
        ),
        ({**QUESTION, "output": "Another answer"}, "the same question stands in an earlier row"),
        ({"prompt": " What is the capital of Peru?\n"}, "the same question stands in an earlier row"),
    ],
)
def test_sets_a_bad_row_aside_and_keeps_its_neighbours(tmp_path, row, reason):
    part = read(jsonl(tmp_path / "a.jsonl", QUESTION, row, {"instruction": "Why?"}), None)
    assert part.rows["source"].to_list() == ["a.jsonl:1", "a.jsonl:3"]
    [(place, why, content)] = part.set_aside.rows()
    assert place == "a.jsonl:2"
    assert why.startswith(reason)
    assert content == row or json.loads(content) == row


def test_a_reference_that_was_asked_for_has_to_be_a_text(tmp_path):
    source = jsonl(tmp_path / "a.jsonl", {"question": "Why?", "gold": 3}, {"question": "Who?", "gold": "I."})
    source = source.model_copy(update={"fields": SeedFieldsConfig(reference="gold")})
    assert reasons(source) == ["'gold' is not a text"]


def test_bytes_that_are_no_utf8_can_be_had_back(tmp_path):
    line = b'{"instruction": "caf\xe9"}'
    part = read(write(tmp_path / "a.jsonl", line + b"\n" + json.dumps(QUESTION).encode()), None)
    assert part.set_aside["reason"].to_list() == ["not UTF-8 (invalid continuation byte at byte 21)"]
    assert json.loads(part.set_aside["row"][0]).encode(errors="surrogateescape") == line


def test_byte_order_mark_carriage_returns_and_blank_lines(tmp_path):
    text = '\ufeff{"question": "Why?"}\r\n\r\n{"question": "a\u2028b"}'
    part = read(write(tmp_path / "a.jsonl", text), None)
    assert part.rows["source"].to_list() == ["a.jsonl:1", "a.jsonl:3"]
    assert part.rows["messages"].to_list() == [user("Why?"), user("a\u2028b")]
    assert part.set_aside.is_empty()


def test_limit_counts_good_rows_and_stops_reading(tmp_path):
    source = jsonl(tmp_path / "a.jsonl", "{", QUESTION, QUESTION, {"prompt": "Why?"}, "{")
    part = read(source, 2)
    assert part.rows["source"].to_list() == ["a.jsonl:2", "a.jsonl:4"]
    assert part.set_aside["id"].to_list() == ["a.jsonl:1", "a.jsonl:3"]


TABLE = [
    {"question": 'Why,\r\n"then"?', "answer": "So.\nThus."},
    {"question": "¿Por qué? ไทย", "answer": "007"},
    {"question": "", "answer": "So."},
]


def write_csv(path, delimiter, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(TABLE)


WRITERS = {
    "jsonl": lambda path: jsonl(path, *TABLE),
    "ndjson": lambda path: jsonl(path, *TABLE),
    "json": lambda path: path.write_text(json.dumps(TABLE), encoding="utf-8-sig"),
    "parquet": lambda path: pl.DataFrame(TABLE).write_parquet(path),
    "csv": lambda path: write_csv(path, ",", "utf-8-sig"),
    "tsv": lambda path: write_csv(path, "\t"),
    "CSV": lambda path: write_csv(path, ","),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_rows(tmp_path, ending):
    WRITERS[ending](tmp_path / f"a.{ending}")
    part = read(SeedsConfig(source=str(tmp_path / f"a.{ending}")), None)
    assert part.rows.select("messages", "reference").rows() == [
        (user('Why,\r\n"then"?'), "So.\nThus."),
        (user("¿Por qué? ไทย"), "007"),
    ]
    assert part.rows["source"].to_list() == [f"a.{ending}:1", f"a.{ending}:2"]
    assert part.set_aside.rows() == [(f"a.{ending}:3", "'question' is empty", json.dumps(TABLE[2]))]


def test_a_line_of_a_text_is_a_question(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffWhy?\r\n\n¿Por qué?\n".encode() + b"\xff\n")
    part = read(SeedsConfig(source=str(tmp_path / "a.txt")), None)
    assert part.rows["messages"].to_list() == [user("Why?"), user("¿Por qué?")]
    assert part.rows["source"].to_list() == ["a.txt:1", "a.txt:3"]
    assert part.set_aside["reason"].to_list() == ["not UTF-8 (invalid start byte at byte 1)"]


def test_conversations_in_parquet(tmp_path):
    pl.DataFrame(
        {
            "conversations": [
                [{"from": "human", "value": "Why?", "weight": None}, {"from": "gpt", "value": "So.", "weight": 1.0}],
                [{"from": "human", "value": None, "weight": None}],
                None,
            ]
        }
    ).write_parquet(tmp_path / "a.parquet")
    part = read(SeedsConfig(source=str(tmp_path / "a.parquet")), None)
    assert part.rows["messages"].to_list() == [user("Why?")]
    assert part.rows["reference"].to_list() == ["So."]
    assert part.set_aside["reason"].to_list() == [
        "turn 1 has no text",
        "no column with a usual name of a question has anything in it",
    ]


def test_a_csv_row_of_the_wrong_length_is_set_aside(tmp_path):
    long = "x" * 200_000
    part = read(write(tmp_path / "a.csv", f"question,answer\nWhy?,So.,Thus.\n\nWho?\nWhen?,{long}\n"), None)
    assert part.rows["messages"].to_list() == [user("When?")]
    assert part.rows["reference"].to_list() == [long]
    assert part.set_aside.rows() == [
        ("a.csv:1", "has 3 fields, the header has 2", '["Why?", "So.", "Thus."]'),
        ("a.csv:2", "has 1 fields, the header has 2", '["Who?"]'),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.jsonl", None, "there is no such file"),
        ("a.doc", "Why?", "expected a file ending in .jsonl, .ndjson, .json, .parquet, .csv, .tsv, .txt"),
        ("a.jsonl", "", "the file is empty"),
        ("a.jsonl", "\n \n", "there is no question in it (it has no rows)"),
        ("a.jsonl", "Why?\nWho?\n", "there is no question in it (a.jsonl:1: not JSON (Expecting value at column 1))"),
        (
            "a.jsonl",
            b"PAR1\xff\xff",
            "there is no question in it (a.jsonl:1: not UTF-8 (invalid start byte at byte 5))",
        ),
        ("a.jsonl", '{"question": ""}', "there is no question in it (a.jsonl:1: 'question' is empty)"),
        (
            "a.jsonl",
            '{"id": 1}\n{"text": "Why?"}',
            "no column has a usual name of a question, it has 'id', 'text': "
            "name one with --set seeds.fields.question=NAME",
        ),
        (
            "a.json",
            '{"question": "Why?"}',
            "expected a list of objects; a file with one object per line must end in .jsonl",
        ),
        (
            "a.json",
            '{"a": 1}\n{"a": 2}',
            "not JSON (Extra data: line 2 column 1 (char 9)); a file with one object per line",
        ),
        ("a.json", "[" * 100_000, "not JSON (it is nested too deeply)"),
        ("a.json", b'["\xe9"]', "not UTF-8, save it as UTF-8"),
        ("a.json", "[]", "there is no question in it (it has no rows)"),
        ("a.json", "[1]", "there is no question in it (a.json:1: not an object with named fields)"),
        ("a.parquet", "question\nWhy?", "not a Parquet file ("),
        ("a.csv", "", "the file is empty"),
        ("a.csv", "\n\n", "the file is empty"),
        ("a.csv", "question,answer\n", "there is no question in it (it has no rows)"),
        ("a.csv", b"question\ncaf\xe9\n", "not UTF-8, save it as UTF-8"),
        (
            "a.csv",
            "Title;Body\nWhy?;It rained.\n",
            "no column has a usual name of a question, it has 'Title', 'Body': "
            "name one with --set seeds.fields.question=NAME",
        ),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        write(path, content)
    with pytest.raises(UserError) as error:
        read(SeedsConfig(source=str(path)), None)
    assert str(error.value).startswith(f"seeds {path}: {message}")


def test_a_directory_is_no_source(tmp_path):
    with pytest.raises(UserError, match="this is a directory, give one file in it"):
        read(SeedsConfig(source=str(tmp_path)), None)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
@pytest.mark.parametrize("field", ["messages", "question", "input", "system", "history", "reference", "id"])
def test_a_column_that_is_not_there(tmp_path, ending, field):
    WRITERS[ending](tmp_path / f"a.{ending}")
    source = SeedsConfig(source=str(tmp_path / f"a.{ending}"), fields=SeedFieldsConfig(**{field: "titel"}))
    with pytest.raises(UserError) as error:
        read(source, None)
    assert str(error.value) == (
        f"seeds {source.source}: there is no column 'titel', it has 'question', 'answer': "
        f"name another with --set seeds.fields.{field}=NAME"
    )


@pytest.mark.parametrize("source", ["what is this", "org/name/more", "tasks", "x" * 5000, "nul\0/byte", ""])
def test_neither_a_file_nor_a_dataset(source):
    with pytest.raises(UserError, match="there is no such file, and it is not a dataset on the Hub"):
        read(SeedsConfig(source=source), None)


@pytest.mark.parametrize("source", ["~nobody-here/tasks", "./tasks", "/tasks", "org/tasks.jsonl"])
def test_a_file_by_the_look_of_it(source):
    with pytest.raises(UserError, match="there is no such file"):
        read(SeedsConfig(source=source), None)


def test_reads_real_instructions(real_texts):
    part = read(SeedsConfig(source=str(real_texts / "instructions" / "dolly-2k.jsonl")), None)
    assert (len(part.rows), len(part.set_aside)) == (1987, 13)
    assert dict(part.set_aside["reason"].value_counts().iter_rows()) == {
        "the same question stands in an earlier row": 6,
        "the question speaks of a text that is not there": 7,  # each of them does
    }
    assert part.rows["id"].is_unique().all()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TURN = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["system", "user", "assistant", "tool"]) | JSON, "content": st.text() | JSON}
)
ROW = st.dictionaries(
    st.sampled_from(["messages", "instruction", "input", "output", "prompt", "question", "other"]),
    st.text() | JSON | st.lists(TURN, max_size=3),
)
LINE = ROW.map(json.dumps) | JSON.map(json.dumps) | st.just("{")
GOOD = json.dumps({"question": "Is there at least one good row?"})
IN_TMP_PATH = settings(suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture])


@IN_TMP_PATH
@given(st.lists(LINE, max_size=8), st.randoms(use_true_random=False))
def test_every_line_is_a_row_or_set_aside_and_ids_do_not_depend_on_order(tmp_path, lines, random):
    part = read(jsonl(tmp_path / "a.jsonl", GOOD, *lines), None)
    places = [*part.rows["source"], *part.set_aside["id"]]
    assert sorted(places) == sorted(f"a.jsonl:{number}" for number in range(1, len(lines) + 2))
    assert all(messages[-1]["role"] == "user" for messages in part.rows["messages"].to_list())
    for content in part.set_aside["row"]:
        json.loads(content)
    random.shuffle(lines)
    again = read(jsonl(tmp_path / "a.jsonl", GOOD, *lines), None)
    assert set(again.rows["id"]) == set(part.rows["id"])


@IN_TMP_PATH
@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet", "csv", "tsv"])
@given(content=st.binary(min_size=1))
def test_any_bytes_are_read_or_refused(tmp_path, ending, content):
    start = {"jsonl": GOOD + "\n", "csv": "question\nWhy?\n", "tsv": "question\nWhy?\n"}.get(ending, "").encode()
    try:
        part = read(write(tmp_path / f"a.{ending}", start + content), None)
    except UserError as error:
        refusal = str(error)
        assert ending != "jsonl"
        assert refusal.startswith("seeds ")
    else:
        assert len(part.rows) >= 1


READ_FROM_HUB = """
import json
from sdrrl_data.errors import UserError
from sdrrl_data.recipe import SeedsConfig
from sdrrl_data.steps.seeds import read
sources = [{"source": "org/tasks"}, {"source": "org/tasks", "split": "test"}, {"source": "org/none"}]
for settings in [SeedsConfig(**source) for source in sources]:
    try:
        print(json.dumps([table.rows() for table in read([settings], None)[:2]]))
    except UserError as error:
        print(json.dumps(str(error)))
"""


def test_reads_a_dataset_of_the_hub(tmp_path):
    with hub.serving() as served:
        rows = [QUESTION, {"instruction": "", "output": "So."}]
        served.add("datasets/org/tasks", {"train.jsonl": hub.jsonl(rows)}, sha="c" * 40)
        rows, split, missing = served.run(READ_FROM_HUB, tmp_path)
    name = f"org/tasks@{'c' * 40}"
    assert rows == [
        [["2392d7612c53a169", user("What is the capital of Peru?"), "Lima.", f"{name}:1", None]],
        [[f"{name}:2", "'instruction' is empty", '{"instruction": "", "output": "So."}']],
    ]
    assert "Bad split: test. Available splits: ['train']" in split
    assert missing.startswith("seeds org/none: the Hub has no such dataset for you: check its name")


def test_says_that_the_hub_cannot_be_reached(tmp_path):
    for line in hub.run(READ_FROM_HUB, hub.environment(hub.NOWHERE, tmp_path)):
        assert line.startswith("seeds org/")
        assert "cannot be reached: give a local file with --seeds (ConnectError: " in line


def test_several_sources_are_read_one_after_the_other(tmp_path):
    first = jsonl(tmp_path / "a.jsonl", QUESTION, {"instruction": "Why?"})
    second = jsonl(tmp_path / "b.jsonl", {"question": "Where?"}, QUESTION, {"question": "When?"})
    part = seeds.read([first, second], None)
    assert part.rows["source"].to_list() == ["a.jsonl:1", "a.jsonl:2", "b.jsonl:1", "b.jsonl:3"]
    assert part.set_aside["id"].to_list() == ["b.jsonl:2"]
    assert [row[0]["content"] for row in part.rows["messages"]] == [QUESTION["instruction"], "Why?", "Where?", "When?"]
    assert seeds.read([first, second], 3).rows.equals(part.rows.head(3))


def test_a_second_source_without_questions_is_refused(tmp_path):
    first, empty = jsonl(tmp_path / "a.jsonl", QUESTION), jsonl(tmp_path / "b.jsonl", {"question": " "})
    with pytest.raises(UserError, match=r"b\.jsonl: there is no question in it \(b\.jsonl:1: 'question' is empty\)"):
        seeds.read([first, empty], None)


def test_what_was_taken_is_said_in_one_line(tmp_path):
    source = jsonl(
        tmp_path / "a.jsonl",
        {"id": 7, "instruction": "Why?", "input": "", "output": "So.", "kind": "closed qa"},
        {"id": 8, "instruction": "Who?", "input": "It rained.", "output": "I.", "kind": "open"},
        {"id": 9, "instruction": "Who?", "input": "It rained.", "output": "I.", "kind": "open"},
    )
    [columns] = read(source, None).columns
    assert columns.sentence() == (
        "seeds a.jsonl: 2 questions, 1 row set aside (a.jsonl:3: the same question stands in an earlier row) "
        "(question: 'instruction'; input: 'input'; reference: 'output'; id: 'id'; not taken: 'kind')"
    )
    assert columns.doubt() is None
    [columns] = read(write(tmp_path / "a.csv", "Question\tNote\nWhy?\tx\n"), None).columns
    assert columns.sentence() == (
        "seeds a.csv: 1 question (question: 'Question'; not taken: 'Note'; a tab separates the columns)"
    )
    chat = [*user("Why?"), {"role": "assistant", "content": "So."}]
    [columns] = read(jsonl(tmp_path / "b.jsonl", {"messages": chat}), None).columns
    assert columns.sentence() == "seeds b.jsonl: 1 question (question, reference: 'messages')"
    [columns] = read(write(tmp_path / "c.txt", "Why?\nWho?"), None).columns
    assert columns.sentence() == "seeds c.txt: 2 questions (each line is one)"


def test_text_that_was_not_taken_is_named(tmp_path):
    row = {
        "id": "a b c d e",
        "prompt": "Why is it so hot?",
        "messages": [*user("Why is it so hot?"), {"role": "assistant", "content": "Because of the sun."}],
        "category": "closed_qa",
        "created": "2023-04-12 10:00:00",
        "rating": {"value": 0.5, "labels": ["good", "bad"]},
        "notes": [{"text": "Two people wrote this on a train."}],
        "rationale": "The sun shines all day long.",
        "thai": "ทำไมวันนี้อากาศร้อนมาก",
    }
    [columns] = read(jsonl(tmp_path / "a.jsonl", row), None).columns
    assert columns.unused == ["notes", "rationale", "thai"]
    assert "'notes', 'rationale', 'thai'" in columns.doubt()
    assert "--set seeds.fields.input=NAME" in columns.doubt()


def test_a_sentence_of_two_words_that_was_not_taken_is_named_and_a_label_is_not(tmp_path):
    row = {"question": "Why is it so hot?", "gold": "An answer.", "topic": "open qa", "no": "1.5"}
    [columns] = read(jsonl(tmp_path / "a.jsonl", row), None).columns
    assert (columns.unused, columns.not_taken) == (["gold"], ["gold", "topic", "no"])


def test_columns_that_are_left_out_are_neither_read_nor_named(tmp_path):
    row = {"question": "Why is it so hot?", "context": "In the desert.", "note, mine": "A note that nobody needs."}
    source = jsonl(tmp_path / "a.jsonl", row)
    [columns] = read(source, None).columns
    key, value = overrides.parse_change(shlex.split(columns.doubt().rpartition("--set ")[2])[0])
    assert (key, value) == ("seeds.leave_out", ["note, mine"])
    asked = read(source.model_copy(update={"leave_out": ("context", "note, mine")}), None)
    assert asked.rows["messages"].to_list() == [user("Why is it so hot?")]
    assert (asked.columns[0].not_taken, asked.columns[0].doubt()) == ([], None)


def test_of_several_sources_the_one_is_named_that_lacks_a_question(tmp_path):
    good, bad = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    good.write_text('{"question": "Why?", "essay": "It was late, and nobody in the house was awake any more."}\n')
    bad.write_text('{"ask": "Who?"}\n')
    with pytest.raises(UserError, match=r"--set seeds\.1\.fields\.question=NAME"):
        seeds.read([SeedsConfig(source=str(good)), SeedsConfig(source=str(bad))], None)
    columns = SeedsConfig(source=str(bad), fields=SeedFieldsConfig(question="ask"))
    first, _ = seeds.read([SeedsConfig(source=str(good)), columns], None).columns
    assert "--set seeds.0.fields.input=NAME" in first.doubt()


def test_a_row_keeps_the_id_of_its_source(tmp_path):
    rows = [{"id": 7}, {"uuid": "x-1", "id": ""}, {"id": True}, {"id": None, "prompt_id": "p"}, {"key": "k"}, {}]
    source = jsonl(tmp_path / "a.jsonl", *({**row, "question": f"Why {n}?"} for n, row in enumerate(rows)))
    assert read(source, None).rows["source_id"].to_list() == ["7", "x-1", None, "p", "k", None]
    named = source.model_copy(update={"fields": SeedFieldsConfig(id="uuid")})
    assert read(named, None).rows["source_id"].to_list() == [None, "x-1", None, None, None, None]


def test_a_question_without_its_text_is_set_aside(tmp_path):
    missing = {"instruction": "Summarize the following article:"}
    source = jsonl(
        tmp_path / "a.jsonl",
        missing | {"input": "It rained."},
        missing | {"input": "<noinput>"},
        missing | {"system": "You are brief."},
        missing | {"system": f"The article: {'It rained. ' * 40}"},
        missing | {"history": [["Here is an article. It rained.", "Thanks."]]},
        {"messages": user(missing["instruction"])},
        {"instruction": "Summarize the following article:\n\nIt rained."},
    )
    part = read(source, None)
    assert part.rows["source"].to_list() == [f"a.jsonl:{number}" for number in (1, 4, 5)]
    assert dict(part.set_aside.select("id", "reason").iter_rows()) == {
        **dict.fromkeys(("a.jsonl:2", "a.jsonl:3", "a.jsonl:6"), "the question speaks of a text that is not there"),
        "a.jsonl:7": "the same question stands in an earlier row",
    }


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path, ending):
    comma = {"csv": ",", "tsv": "\t"}[ending]
    lines = [f"Why is {number} odd?{comma}So." for number in range(12)]
    lines[3] = f'"To be or not to be is from?{comma}So.'
    source = write(tmp_path / f"a.{ending}", f"question{comma}answer\n" + "\n".join(lines))
    if ending == "csv":
        with pytest.raises(UserError, match=r"a\.csv: the row that begins in line 5 has a quote in the wrong place"):
            read(source, None)
    else:
        part = read(source, None)
        assert part.rows["messages"][3].to_list() == user('"To be or not to be is from?')
        assert (part.rows.height, part.rows["reference"].unique().to_list()) == (12, ["So."])
