import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.report.remedies import remedy
from sdrrl_data.steps.verdicts import cuts


def of(scores, **thresholds):
    table = pl.DataFrame(scores)
    named = {name: ThresholdConfig(**threshold) for name, threshold in thresholds.items()}
    return remedy("pt", table, cuts(named, table))


def settings(proposed):
    return [(edge.filter, edge.name, edge.value) for edge in proposed.looser]


def test_the_bound_that_drops_all_is_loosened_so_that_most_pass():
    similarity = [0.5 + n / 100 for n in range(40)]
    proposed = of(
        {"answer_similarity": similarity, "answer_length": [1.0] * 40}, similarity={"min": 0.95}, length={"max": 2}
    )
    assert settings(proposed) == [("similarity", "min", 0.54)]
    assert (proposed.kept, proposed.keeps) == (0, 36)
    assert proposed.why() == "of 40 pairs of pt, similarity < 0.95 drops 40, and 0 are kept"


def test_bounds_that_only_together_keep_something_are_loosened_together():
    scores = {"answer_similarity": [0.4] * 10, "question_length": [3.0] * 10, "answer_numbers": [1.0] * 9 + [0.0]}
    proposed = of(scores, similarity={"min": 0.8}, length={"min": 0.5, "max": 2}, numbers={"min": 1})
    assert sorted(settings(proposed)) == [("length", "max", 3.0), ("similarity", "min", 0.4)]
    assert (proposed.kept, proposed.keeps) == (0, 9)


def test_no_bound_is_to_blame_where_none_drops_a_pair():
    assert of({"answer_similarity": [0.9, None]}, similarity={"min": 0.8}) is None
    assert of({"answer_similarity": []}, similarity={"min": 0.8}) is None


def test_texts_that_only_count_less_are_not_lost():
    assert of({"answer_similarity": [0.1, 0.2]}, similarity={"min": 0.8, "weight": 0.5}) is None


VALUES = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_subnormal=False), st.sampled_from([0.0, 1.0]))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=30), st.floats(-5, 5), st.floats(-5, 5))
@example([(None, -2.2250738585072014e-308, None)], 0.0, 0.0)
def test_what_it_says_that_looser_bounds_keep_is_what_they_keep(rows, least, most):
    names = ("question_a", "answer_a", "answer_b")
    scores = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row")
    thresholds = {"a": ThresholdConfig(min=least), "b": ThresholdConfig(max=most)}
    proposed = remedy("pt", scores, cuts(thresholds, None))
    if proposed is None:
        return
    content = {name: threshold.model_dump() for name, threshold in thresholds.items()}
    for filter, bound, value in settings(proposed):
        content[filter][bound] = value
    a, b = content["a"]["min"], content["b"]["max"]
    kept = [all(x is None or x >= a for x in row[:2]) and (row[2] is None or row[2] <= b) for row in rows]
    assert sum(kept) == proposed.keeps > proposed.kept
