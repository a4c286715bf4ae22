import pytest

from sdrrl_data.recipe import KNOWN_SCORES, SCORES, BoundsConfig
from sdrrl_data.tuning.directions import LESS_IS_BETTER, THE_USUAL_IS_BETTER, direction


def test_the_tables_name_only_scores_that_there_are():
    scores = {*KNOWN_SCORES, *(score for own in SCORES.values() for score in own)}
    assert scores >= LESS_IS_BETTER | THE_USUAL_IS_BETTER
    assert not LESS_IS_BETTER & THE_USUAL_IS_BETTER


def test_a_score_has_the_same_direction_on_both_sides():
    scores = [score for own in SCORES.values() for score in own]
    for score in scores:
        if f"src_{score}" in scores:
            assert direction(score) == direction(f"src_{score}")


@pytest.mark.parametrize(
    ("score", "threshold", "expected"),
    [
        ("similarity", None, "more"),
        ("src_finished", BoundsConfig(min=1), "more"),
        ("repetition", BoundsConfig(min=0.1), "less"),
        ("src_refused", None, "less"),
        ("length", BoundsConfig(max=3), "both"),
        ("own", None, "more"),
        ("own", BoundsConfig(min=1), "more"),
        ("own", BoundsConfig(max="95%"), "less"),
        ("own", BoundsConfig(min=1, max=2), "both"),
    ],
)
def test_direction(score, threshold, expected):
    assert direction(score, threshold) == expected
