import pytest

from sdrrl_data.recipe import Score, ThresholdConfig, shipped_scores
from sdrrl_data.tuning import direction

SCORES = shipped_scores()
LESS_IS_BETTER = {
    "src_refused",
    "src_repetition",
    "repetition",
    "src_repeated_lines",
    "repeated_lines",
    "overlap",
    "src_personal",
    "personal",
    "src_duplicate",
    "duplicate",
    "src_contamination",
    "contamination",
    "language_bound",
    "src_language_unsure",
    "language_unsure",
    "negation",
    "alignment_gap",
    "round_trip_lost",
    "round_trip_negation",
    "round_trip_copied",
    "round_trip_names",
    "unknown_words",
    "untranslated_words",
}
THE_USUAL_IS_BETTER = {"length", "length_words", "src_compression", "compression"}
SCORES["own"] = Score("own", says="", misses="", better=None)


def test_of_most_scores_more_is_better():
    assert {name for name, score in SCORES.items() if score.better == "less"} == LESS_IS_BETTER
    assert {name for name, score in SCORES.items() if score.better == "usual"} == THE_USUAL_IS_BETTER


def test_a_score_has_the_same_direction_on_both_sides():
    for score in SCORES:
        if f"src_{score}" in SCORES and score != "finished":  # `src_finished` is of the model's answer
            assert direction(SCORES[score]) == direction(SCORES[f"src_{score}"])


@pytest.mark.parametrize(
    ("score", "threshold", "expected"),
    [
        ("similarity", None, "more"),
        ("src_finished", ThresholdConfig(min=1), "more"),
        ("repetition", ThresholdConfig(min=0.1), "less"),
        ("src_refused", None, "less"),
        ("length", ThresholdConfig(max=3), "usual"),
        ("own", None, "more"),
        ("own", ThresholdConfig(min=1), "more"),
        ("own", ThresholdConfig(max="95%"), "less"),
        ("own", ThresholdConfig(min=1, max=2), "usual"),
    ],
)
def test_direction(score, threshold, expected):
    assert direction(SCORES[score], threshold) == expected
