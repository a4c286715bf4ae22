import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.dashes import DASHES, as_dashes, as_hyphens
from sdrrl_data.text.equivalents import readable, with_dashes

WITHOUT_DASHES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.,'\"!?")
TEXTS = st.text(st.sampled_from(f'ab7 -{DASHES}.,"”'), max_size=30)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("It isn't fast—it's elegant.", "It isn't fast - it's elegant."),
        ("It is fast — and elegant.", "It is fast - and elegant."),
        ("Big and small – all met.", "Big and small - all met."),
        ("the 2010–2015 period, pages 10—12", "the 2010-2015 period, pages 10-12"),
        ("a client–server model", "a client-server model"),
        ("— Anna", "- Anna"),
        ("I thought—", "I thought -"),
        ("a well-known fact - really", "a well-known fact - really"),
    ],
)
def test_a_dash_is_sent_as_a_hyphen(text, sent):
    assert as_hyphens(text) == sent


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("It isn't fast—it's elegant.", "Não é rápido - é elegante.", "Não é rápido — é elegante."),
        ("Big and small – all met.", "Grandes e pequenos - todos vieram.", "Grandes e pequenos – todos vieram."),
        ("A—b - c – d", "A - b - c - d", "A — b - c – d"),
        ("the 2010–2015 period", "o período 2010-2015", "o período 2010-2015"),
        ("a client–server model", "um modelo cliente - servidor", "um modelo cliente - servidor"),
        ("I thought—", "Pensei -", "Pensei—"),
        ("“I thought—”", '"Pensei - "', '"Pensei—"'),
        ("— Anna", "- Anna", "— Anna"),
        ("Time—or money—is scarce.", "Tempo - é escasso.", "Tempo — é escasso."),
        ("Time—or money – is scarce.", "Tempo - é escasso.", "Tempo - é escasso."),
        ("他说——走吧。", "He says - let's go.", "He says —— let's go."),
        ("Time—or money.", "Tempo, ou dinheiro.", "Tempo, ou dinheiro."),
    ],
)
def test_a_hyphen_becomes_the_dash_again(source, translation, expected):
    assert as_dashes(translation, source) == expected


@given(TEXTS)
def test_no_dash_is_sent_and_nothing_else_is_lost(text):
    sent = as_hyphens(text)
    assert not set(DASHES) & set(sent)
    assert [char for char in sent if char not in "- "] == [char for char in text if char not in f"- {DASHES}"]


@given(TEXTS)
def test_what_comes_back_as_it_was_sent_says_the_same(text):
    back = as_dashes(as_hyphens(text), text)
    assert as_hyphens(back).split() == as_hyphens(text).split()
    assert all(back.count(dash) <= text.count(dash) for dash in DASHES)


@given(st.lists(st.tuples(st.sampled_from([*DASHES, "——", "-"]), st.sampled_from(["", " "]))))
def test_a_copy_has_the_dashes_of_its_source(dashes):
    text = "a" + "".join((f" {dash} " if dash == "-" else space + dash + space) + "b," for dash, space in dashes)
    spaced = "a" + "".join(f" {dash} b," for dash, _ in dashes)
    joined = as_hyphens(text).count(" - ") < len(dashes)  # a short dash between two words joins them
    assert joined or as_dashes(as_hyphens(text), text) == spaced


def test_only_a_translator_without_dashes_gets_hyphens():
    text = "It isn't fast—it's elegant."
    assert readable(text, WITHOUT_DASHES) == "It isn't fast - it's elegant."
    assert readable(text, WITHOUT_DASHES | {"—"}) == readable(text, None) == text
    own_style = "Es ist nicht schnell - es ist elegant."
    assert with_dashes(own_style, text, WITHOUT_DASHES) == "Es ist nicht schnell — es ist elegant."
    assert with_dashes(own_style, text, WITHOUT_DASHES | {"—"}) == with_dashes(own_style, text, None) == own_style
