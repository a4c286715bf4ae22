import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.chat import thinking

PAIRS = st.sampled_from(thinking.MARKERS)
TEXTS = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>\nso\n</think>\n\nBlue.", "so", "Blue."),
        ("\n<think>so</think>Blue.", "so", "Blue."),
        ("<think>\n\n</think>\n\nBlue.", None, "Blue."),
        ("<think>so and", "so and", ""),
        ("<think>one</think>Say </think> twice.", "one", "Say </think> twice."),
        ("[THINK]so[/THINK]Blue.", "so", "Blue."),
        ("<|channel>thought\nso<channel|>Blue.", "so", "Blue."),
        ("<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>Blue.", "so", "Blue."),
        ("<|channel|>final<|message|>Blue.", None, "Blue."),
        ("<|channel|>analysis<|message|>so", "so", ""),
        ("Blue.", None, "Blue."),
        ("  Blue.\n", None, "  Blue.\n"),
        ("Write <think>so</think> first.", None, "Write <think>so</think> first."),
        ("```\n<think>so</think>\n```", None, "```\n<think>so</think>\n```"),
        ("so</think>Blue.", None, "so</think>Blue."),
        ("", None, ""),
    ],
)
def test_a_section_counts_at_the_beginning(text, reasoning, answer):
    assert thinking.split(text) == (reasoning, answer)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("so\n</think>\n\nBlue.", "so", "Blue."),
        ("\n</think>\n\nBlue.", None, "Blue."),
        ("<think>so</think>Blue.", "so", "Blue."),
        ("so and", "so and", ""),
        ("so [/THINK] and </think> or", "so", "and </think> or"),
        ("", None, ""),
    ],
)
def test_the_prompt_has_opened_the_section(text, reasoning, answer):
    assert thinking.split(text, inside=True) == (reasoning, answer)


def test_other_markers_are_text():
    assert thinking.split("[THINK]so[/THINK]Blue.", [("<think>", "</think>")]) == (None, "[THINK]so[/THINK]Blue.")


@pytest.mark.parametrize("inside", [True, False])
@given(reasoning=TEXTS, answer=TEXTS, pair=PAIRS)
def test_both_sides_come_back(inside, reasoning, answer, pair):
    start, end = pair
    reasoning = reasoning.replace(end, "").replace(start, "")
    text = (start if not inside else "") + reasoning + end + answer
    found, rest = thinking.split(text, [pair], inside)
    assert (found or "", rest) == (reasoning.strip(), answer.strip())


@given(PAIRS.flatmap(lambda pair: st.tuples(st.just(pair), st.lists(TEXTS | st.sampled_from(pair)))), st.booleans())
def test_nothing_is_lost(case, inside):
    pair, pieces = case
    text = "".join(pieces)
    reasoning, answer = thinking.split(text, [pair], inside)
    kept = "".join((reasoning or "", answer))
    for marker in pair:
        text, kept = text.replace(marker, ""), kept.replace(marker, "")
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("template", "start"),
    [
        ("{% if enable_thinking is false %}<think>\n\n</think>{% endif %}", ["<think>"]),
        ("{{ content.split('</think>')[-1] }}", ["<think>"]),
        ("[SYSTEM_PROMPT]Draft in [THINK]…[/THINK]", ["[THINK]"]),
        (
            "<|start|>assistant<|channel|>analysis<|message|><|channel|>final<|message|>",
            ["<|channel|>analysis<|message|>", "<|channel|>final"],
        ),
        ("<|im_start|>{{ message.role }}", []),
    ],
)
def test_the_template_says_which_markers_are_in_use(template, start):
    assert [pair[0] for pair in thinking.find(template)] == start
