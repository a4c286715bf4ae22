from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.report.texts import LONGEST, Texts, in_utf16, protected

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("😀𝒳a é"), max_size=30)


@given(TEXT, st.data())
def test_spans_are_counted_as_a_browser_does(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text) + 3))
    units = text.encode("utf-16-le")
    for first, last in in_utf16(text, [(start, end)]):
        assert units[2 * first : 2 * last].decode("utf-16-le") == text[start:end]


def test_a_text_is_there_once_and_long_ones_are_cut():
    texts = Texts()
    assert [texts.add("a"), texts.add("b"), texts.add("a")] == [0, 1, 0]
    number = texts.add("x" * (LONGEST + 7), protected=[(0, 2), (LONGEST - 1, LONGEST + 3), (LONGEST + 1, LONGEST + 2)])
    assert texts.items[number] == {
        "text": "x" * LONGEST,
        "cut": 7,
        "protected": [(0, 2), (LONGEST - 1, LONGEST)],
    }


def test_what_the_translator_left_is_protected_on_both_sides():
    source = "Type `ls -l` now.\n\n```\nrm x\n```\n\nThen stop."
    target = "Tape `ls -l` agora.\n\n```\nrm x\n```\n\nDepois pare."
    units = [Unit(0, 17, 0, 19), Unit(source.index("Then"), len(source), target.index("Depois"), len(target))]
    sides = protected(TextPair(source, target, units))
    for text, spans in zip((source, target), sides, strict=True):
        assert [text[start:end] for start, end in spans] == ["`ls -l`", "```\nrm x\n```"]
