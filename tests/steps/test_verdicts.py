import polars as pl

from sdrrl_data.recipe import Threshold
from sdrrl_data.steps.verdicts import judge

SCORES = pl.DataFrame(
    {
        "id": ["good", "cut", "wrong", "unsure"],
        "answer_src_finished": [1.0, 0.0, 1.0, 1.0],
        "question_language": [0.9, 0.9, 0.1, None],
        "answer_language": [0.9, 0.9, 0.9, 0.5],
        "question_length": [1.0, 1.0, 1.0, 1.0],
        "answer_length": [1.0, 1.0, 2.5, 0.5],
    }
)
THRESHOLDS = {
    "src_finished": Threshold(min=1),
    "language": Threshold(min=0.5),
    "length": Threshold(min=0.5, max=2),
}


def verdict(id):
    return judge(SCORES, THRESHOLDS).filter(id=id).to_dicts()[0]


def test_a_good_row_is_kept_whole():
    assert verdict("good") == {
        "id": "good",
        "question_src": True,
        "question_tgt": True,
        "answer_src": True,
        "answer_tgt": True,
        "failures": [],
    }


def test_a_translation_falls_with_its_source():
    row = verdict("cut")
    assert (row["answer_src"], row["answer_tgt"]) == (False, False)
    assert (row["question_src"], row["question_tgt"]) == (True, True)
    assert row["failures"] == [{"text": "answer_src", "filter": "src_finished", "value": 0.0, "threshold": ">= 1"}]


def test_a_bad_translation_leaves_its_source_alone():
    row = verdict("wrong")
    assert (row["question_src"], row["question_tgt"], row["answer_src"], row["answer_tgt"]) == (
        True,
        False,
        True,
        False,
    )
    assert {(f["text"], f["filter"], f["value"], f["threshold"]) for f in row["failures"]} == {
        ("question_tgt", "language", 0.1, ">= 0.5"),
        ("answer_tgt", "length", 2.5, "<= 2"),
    }


def test_a_missing_score_and_a_score_on_the_bound_pass():
    assert verdict("unsure")["failures"] == []


def test_without_thresholds_everything_is_kept():
    assert judge(SCORES, {}).select(pl.exclude("id", "failures").all()).row(0) == (True, True, True, True)
