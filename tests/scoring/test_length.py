import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.scoring.length import LengthScorer

words = st.text("abcdé", min_size=10, max_size=30)


def length(pair, score):
    return score(LengthScorer(), [pair])["length"][0]


def test_is_target_over_source(text_pair, score):
    assert length(text_pair(("twelve chars", "nine here")), score) == 9 / 12


def test_markup_does_not_count(text_pair, score):
    pair = text_pair(("Half of them.", "Metade."), ("And then the rest.", "E depois o resto."))
    assert length(pair, score) == len("Metade. E depois o resto.") / len("Half of them. And then the rest.")


def test_very_short_texts_are_not_judged(text_pair, score):
    assert length(text_pair(("yes", "é")), score) is None
    assert length(text_pair(), score) is None
    assert length(text_pair(("yes", "é, é, é, é, é")), score) == 13 / 3


@given(words, words)
def test_the_way_back_is_the_inverse(text_pair, score, source, target):
    there, back = length(text_pair((source, target)), score), length(text_pair((target, source)), score)
    assert there > 0
    assert there * back == pytest.approx(1)
