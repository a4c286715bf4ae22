import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.steps.filter_report import removed, report
from sdrrl_data.steps.transfer_set import CROSSINGS
from sdrrl_data.steps.verdicts import TEXTS, cuts, judge

THRESHOLDS = {
    "src_finished": ThresholdConfig(min=1),
    "language": ThresholdConfig(min=0.5),
    "question_length": ThresholdConfig(max=2),
    "similarity": ThresholdConfig(min=0.8, weight=0.5),
}
SCORES = pl.DataFrame(
    [
        # A good pair; a cut answer; a question in the wrong language that is too long too; both translations in the
        # wrong language; a translation that counts half.
        {"answer_src_finished": 1.0, "question_language": 1.0, "answer_language": 1.0, "question_length": 1.0},
        {"answer_src_finished": 0.0, "question_language": 1.0, "answer_language": 1.0, "question_length": 1.0},
        {"answer_src_finished": 1.0, "question_language": 0.0, "answer_language": 1.0, "question_length": 3.0},
        {"answer_src_finished": 1.0, "question_language": 0.0, "answer_language": 0.0, "question_length": 1.0},
        {"answer_src_finished": 1.0, "question_language": 1.0, "answer_language": 1.0, "answer_similarity": 0.7},
    ]
).with_row_index("id")


def judged(thresholds, scores=SCORES):
    return judge(scores, cuts(thresholds, None))


def test_what_each_filter_removes():
    by_name = {count.filter: count.model_dump() for count in report(judged(THRESHOLDS))}
    none = dict.fromkeys(CROSSINGS, 0)
    nowhere = dict.fromkeys(TEXTS, 0)
    assert by_name == {
        "language": {
            "filter": "language",
            "weight": 0.0,
            "texts": nowhere | {"question_tgt": 2, "answer_tgt": 1},
            "alone": none | {"src->tgt": 1, "tgt->src": 2, "tgt->tgt": 2},
            "only": none | {"src->tgt": 1, "tgt->src": 1, "tgt->tgt": 1},
            "bounds": {">= 0.5": 3},
        },
        "question_length": {
            "filter": "question_length",
            "weight": 0.0,
            "texts": nowhere | {"question_tgt": 1},
            "alone": none | {"tgt->src": 1, "tgt->tgt": 1},
            "only": none,
            "bounds": {"<= 2": 1},
        },
        "similarity": {
            "filter": "similarity",
            "weight": 0.5,
            "texts": nowhere | {"answer_tgt": 1},
            "alone": none,
            "only": none,
            "bounds": {">= 0.8": 1},
        },
        "src_finished": {
            "filter": "src_finished",
            "weight": 0.0,
            "texts": nowhere | {"answer_src": 1},
            "alone": dict.fromkeys(CROSSINGS, 1),  # its translations are dropped too
            "only": dict.fromkeys(CROSSINGS, 1),
            "bounds": {">= 1": 1},
        },
    }


def test_what_all_filters_together_remove():
    assert removed(judged(THRESHOLDS)) == {"src->src": 1, "src->tgt": 2, "tgt->src": 3, "tgt->tgt": 3}


@pytest.mark.parametrize("scores", [SCORES, SCORES.clear()])
def test_where_nothing_fails_there_is_nothing_to_report(scores):
    assert report(judged({}, scores)) == []
    assert removed(judged({}, scores)) == dict.fromkeys(CROSSINGS, 0)


COLUMNS = ("question_src_language", "question_language", "answer_language", "answer_length", "answer_src_finished")
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, st.sampled_from([None, 0.0, 1.0]))), min_size=1)
WEIGHTS = st.fixed_dictionaries(
    dict.fromkeys(("src_language", "language", "length", "src_finished"), st.sampled_from([0.0, 0.5]))
)


@given(ROWS, WEIGHTS)
def test_alone_and_only_are_what_a_run_with_and_without_the_filter_loses(rows, filters):
    scores = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.Float64)).with_row_index("id")
    thresholds = {name: ThresholdConfig(min=0.5, weight=weight) for name, weight in filters.items()}
    together = removed(judged(thresholds, scores))
    for count in report(judged(thresholds, scores)):
        assert count.alone == removed(judged({count.filter: thresholds[count.filter]}, scores))
        others = removed(judged({name: thresholds[name] for name in thresholds if name != count.filter}, scores))
        assert count.only == {kind: together[kind] - others[kind] for kind in CROSSINGS}
