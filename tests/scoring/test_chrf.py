import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.scoring.chrf import ChrfScorer

SENTENCE = "The cat sat on the mat, and did not move."


def chrf(pair, score):
    return score(ChrfScorer(), [pair])["chrf"][0]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (SENTENCE, SENTENCE, 100),
        # What sacrebleu 2.6.0 prints for a reference and a hypothesis:
        # `sacrebleu ref -i hyp -m chrf --chrf-word-order 2 -w 3`.
        (SENTENCE, "A cat sat on a mat and did not stir.", 47.548),
        ("A cat sat on a mat and did not stir.", SENTENCE, 52.261),
        (SENTENCE, "Über", 0.758),
        (SENTENCE, "", 0),
    ],
)
def test_is_the_chrf_plus_plus_of_sacrebleu(source, target, expected, text_pair, score):
    assert chrf(text_pair((source, target)), score) == pytest.approx(expected, abs=5e-4)


def test_texts_are_compared_whole_and_in_order(text_pair, score):
    in_order = text_pair(("One fish.", "Two fish."), ("Two fish.", "One fish."))
    assert chrf(in_order, score) == chrf(text_pair(("One fish. Two fish.", "Two fish. One fish.")), score) < 100


def test_a_source_without_prose_is_not_judged(text_pair, score):
    assert chrf(text_pair(), score) is None
    assert chrf(text_pair(("", "Words")), score) is None


@given(st.text(max_size=50), st.text(max_size=50))
def test_stays_in_its_range(text_pair, score, source, target):
    value = chrf(text_pair((source, target)), score)
    assert value is None or 0 <= value <= 100 + 1e-9
