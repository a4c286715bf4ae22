from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.masking import kept, plain

SOURCE = "- Run `ls -l` in /tmp/a, see https://example.org."
TARGET = "- Em /tmp/a, veja `ls -l` em https://example.org: rode."


def pair(source, target):
    """A pair with one unit: everything after the first two characters."""
    return TextPair(source, target, [Unit(2, len(source), 2, len(target))])


def test_each_span_is_found_on_both_sides():
    text_pair = pair(SOURCE, SOURCE.replace("Run", "Execute agora"))
    kept_texts = [
        (text_pair.source[a:b], text_pair.target[c:d]) for (a, b), (c, d) in kept(text_pair, text_pair.units[0])
    ]
    assert kept_texts == [(text, text) for text in ("`ls -l`", "/tmp/a", "https://example.org")]


def test_the_plain_sentences_do_without_them():
    text_pair = pair(SOURCE, SOURCE.replace("Run", "Execute"))
    assert plain(text_pair) == [("Run in , see .", "Execute in , see .")]
    assert plain(pair("- As it is.", "- Como  é.")) == [("As it is.", "Como  é.")]


def test_the_plain_sentences_have_no_marks_of_emphasis():
    text_pair = pair("- A **very _good_** `**f**` 2 * 3 day.", "- Um dia 2 * 3 **muito** ~~bom~~ `**f**`.")
    assert plain(text_pair) == [("A very good 2 * 3 day.", "Um dia 2 * 3 muito bom .")]
    assert plain(pair("- {your name} of snake_case", "- {teu nome} de snake_case")) == [
        ("{your name} of snake_case", "{teu nome} de snake_case")
    ]


def test_a_span_that_the_target_lacks_ends_the_search():
    text_pair = pair(SOURCE, TARGET)
    assert [SOURCE[a:b] for (a, b), _ in kept(text_pair, text_pair.units[0])] == ["`ls -l`"]


pieces = st.lists(st.sampled_from(["`a`", "word ", "{x} ", "a.b/c ", "<b>", " ", "$x$", "é. ", "https://x.org "]))


@given(pieces, pieces)
def test_spans_are_alike_in_order_and_within_their_unit(source, target):
    text_pair = pair("- " + "".join(source), "- " + "".join(target))
    ends = [2, 2]
    for spans in kept(text_pair, text_pair.units[0]):
        texts = [text[slice(*span)] for text, span in zip((text_pair.source, text_pair.target), spans, strict=True)]
        assert texts[0] == texts[1]
        for side, (start, end) in enumerate(spans):
            assert ends[side] <= start < end <= len((text_pair.source, text_pair.target)[side])
            ends[side] = end
