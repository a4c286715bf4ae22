import polars as pl
import pytest
from rich.console import Console

from sdrrl_data.cli import samples
from sdrrl_data.shown import escaped_lines
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED


def span(text, start, end):
    return {"text": text, "start": start, "end": end, "original": "", "replacement": "", "confidence": 0.9}


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("", [], ""),
        ("the car", [], "the car"),
        ("o car vermelho", [(2, 5)], "o [car] vermelho"),
        ("red car", [(0, 3), (4, 7)], "[red] [car]"),
        ("a\x1bb car", [(4, 7)], "a\\x1bb [car]"),
    ],
)
def test_switched_words_stand_in_brackets_without_colours(text, spans, expected):
    spans = [span("prompt", start, end) for start, end in spans]
    assert samples.marked(text, spans, coloured=False).plain == expected
    coloured = samples.marked(text, spans, coloured=True)
    assert coloured.plain.replace("\\x1b", "\x1b") == text
    assert len(coloured.spans) == len(spans)


def test_words_are_marked_in_the_question_and_in_the_answer(capsys):
    rows = pl.DataFrame(
        [
            {
                "direction": "pt->pt",
                "code_switched": True,
                "prompt": [{"role": "user", "content": "um car novo"}],
                "completion": [{"role": "assistant", "content": "it é meu"}],
                "switched": [span("prompt", 3, 6), span("completion", 0, 2)],
            }
        ],
        schema_overrides={"prompt": MESSAGES, "completion": MESSAGES, "switched": SWITCHED},
    )
    samples.show(rows, Console(color_system=None, markup=False, width=80), 280)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["pt->pt,", "code-switched"],
        ["question", "um", "[car]", "novo"],
        ["answer", "[it]", "é", "meu"],
    ]


def test_a_text_may_keep_its_lines():
    text = samples.marked("one\n  two\tthree", [{"start": 6, "end": 9}], False, escaped_lines)
    assert text.plain == "one\n  [two] three"
