import pytest

from sdrrl_data.recipe import Score, shipped_scores
from sdrrl_data.run import FilterCount
from sdrrl_data.steps.reasons import Reasons, outside

GENERATOR = {"max_tokens": 320}
MINE = {"mine": Score("mine", says="mine", misses="nothing")}
REASONS = Reasons(shipped_scores() | MINE, GENERATOR)


def count(filter, texts, bounds):
    return FilterCount(filter=filter, weight=0, texts=texts, alone={}, only={}, bounds=bounds)


@pytest.mark.parametrize(
    ("filter", "texts", "bounds", "words"),
    [
        ("src_finished", {"answer_src": 12}, {">= 1": 12}, "answers cut at 320 tokens (src_finished < 1)"),
        (
            "length",
            {"question_tgt": 1, "answer_tgt": 2},
            {">= 0.65": 2, "<= 1.71 (95%)": 1, "<= 1.68 (95%)": 1},
            "questions and answers shorter than usual or longer than usual (length < 0.65 or > 95%)",
        ),
        ("question_similarity", {"question_tgt": 3}, {"<= 0.99": 3}, "questions (question_similarity > 0.99)"),
        ("mine", {"answer_tgt": 3}, {">= 2": 3}, "answers (mine < 2)"),
    ],
)
def test_what_the_texts_are_that_a_filter_drops(filter, texts, bounds, words):
    assert REASONS.of_filter(count(filter, texts, bounds)) == words


def test_a_run_of_an_earlier_version_has_the_bounds_of_its_recipe():
    threshold = {"min": None, "max": "95%", "weight": 0}
    assert REASONS.of_filter(count("length", {"answer_tgt": 1}, {}), threshold) == (
        "answers longer than usual (length > 95%)"
    )
    assert REASONS.of_filter(count("length", {"answer_tgt": 1}, {})) == "answers (length)"


def test_one_text_with_its_value():
    failure = {"filter": "src_finished", "value": 0.0, "threshold": ">= 1"}
    assert REASONS.of_text(failure) == "cut at 320 tokens: src_finished is 0, must be >= 1"
    assert REASONS.of_text(failure | {"filter": "mine"}) == "mine is 0, must be >= 1"


def test_every_score_of_the_package_says_what_a_bad_text_is():
    for column, score in shipped_scores().items():
        sides = {"more": [score.low], "less": [score.high], "usual": [score.low, score.high]}[score.better or "more"]
        assert all(sides), column


def test_the_other_side_of_a_bound():
    assert [outside(">= 0.8 (5%)"), outside("<= 2")] == ["< 0.8 (5%)", "> 2"]
