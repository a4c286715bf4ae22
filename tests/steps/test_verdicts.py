from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.steps.verdicts import FAILURES, TEXTS, cuts, judge, relative

SCORES = pl.DataFrame(
    {
        "id": ["good", "cut", "wrong", "unsure"],
        "answer_src_finished": [1.0, 0.0, 1.0, 1.0],
        "question_language": [0.9, 0.9, 0.1, None],
        "answer_language": [0.9, 0.9, 0.9, 0.5],
        "question_length": [1.0, 1.0, 1.0, 1.0],
        "answer_length": [1.0, 1.0, 2.5, 0.5],
        "answer_language_label": ["pt", "pt", "pt", "gl"],
    }
)
THRESHOLDS = {
    "src_finished": ThresholdConfig(min=1),
    "language": ThresholdConfig(min=0.5),
    "length": ThresholdConfig(min=0.5, max=2),
}


def verdict(id, thresholds=THRESHOLDS):
    return judge(SCORES, cuts(thresholds, None)).row(by_predicate=pl.col("id") == id, named=True)


def weights(row):
    return tuple(row[text] for text in TEXTS)


def failed(row):
    return [tuple(failure.values()) for failure in row["failures"]]


def test_a_good_row_is_kept_whole():
    assert weights(verdict("good")) == (1, 1, 1, 1)
    assert verdict("good")["failures"] == []


def test_a_translation_falls_with_its_source():
    assert weights(verdict("cut")) == (1, 1, 0, 0)
    assert verdict("cut")["failures"] == [
        {"text": "answer_src", "filter": "src_finished", "value": 0.0, "threshold": ">= 1", "weight": 0.0}
    ]


def test_a_bad_translation_leaves_its_source_alone():
    assert weights(verdict("wrong")) == (1, 0, 1, 0)
    assert failed(verdict("wrong")) == [
        ("question_tgt", "language", 0.1, ">= 0.5", 0.0),
        ("answer_tgt", "length", 2.5, "<= 2", 0.0),
    ]


def test_a_missing_score_and_a_score_on_the_bound_pass():
    assert verdict("unsure")["failures"] == []


def test_a_score_that_nothing_gives_fails_nothing():
    assert verdict("cut", {"round_trip": ThresholdConfig(min=30)})["failures"] == []


@pytest.mark.parametrize("scores", [SCORES, SCORES.clear()])
@pytest.mark.parametrize("thresholds", [{}, THRESHOLDS])
def test_the_columns_are_the_same_whatever_fails(scores, thresholds):
    judged = judge(scores, cuts(thresholds, None))
    assert dict(judged.schema) == {"id": pl.String, **dict.fromkeys(TEXTS, pl.Float64), "failures": FAILURES}
    assert judged["id"].to_list() == scores["id"].to_list()
    assert judged.null_count().transpose().sum().item() == 0


def test_weights_multiply_and_a_translation_has_its_sources():
    lighter = {
        "src_finished": ThresholdConfig(min=1, weight=0.5),
        "length": ThresholdConfig(min=2, weight=0.25),
        "language": ThresholdConfig(min=0.95, weight=1),  # failures are only recorded
    }
    assert weights(verdict("cut", lighter)) == (1, 0.25, 0.5, 0.125)
    assert failed(verdict("cut", lighter)) == [
        ("question_tgt", "language", 0.9, ">= 0.95", 1.0),
        ("answer_tgt", "language", 0.9, ">= 0.95", 1.0),
        ("question_tgt", "length", 1.0, ">= 2", 0.25),
        ("answer_tgt", "length", 1.0, ">= 2", 0.25),
        ("answer_src", "src_finished", 0.0, ">= 1", 0.5),
    ]


def limits(thresholds, scores=None):
    """The bounds of each text: text, filter, least, most."""
    return [
        (cut.text, cut.filter, cut.min and cut.min.value, cut.max and cut.max.value) for cut in cuts(thresholds, scores)
    ]


def test_a_threshold_for_one_text_goes_before_the_one_for_both():
    assert limits({"length": ThresholdConfig(max=2), "answer_length": ThresholdConfig(max=3)}) == [
        ("answer_tgt", "answer_length", None, 3),
        ("question_tgt", "length", None, 2),
    ]
    assert limits({"question_src_language": ThresholdConfig(min=1)}) == [
        ("question_src", "question_src_language", 1, None)
    ]
    # A bound that it does not have is not taken from the general threshold either.
    assert limits({"length": ThresholdConfig(max=2), "answer_length": ThresholdConfig()}) == [
        ("question_tgt", "length", None, 2)
    ]


def column(*values):
    return pl.DataFrame({"answer_length": pl.Series(values, dtype=pl.Float64)})


@pytest.mark.parametrize(
    ("values", "bound", "least", "most"),
    [
        (range(1000), "0.1%", 1, 0),
        (range(1000), "5%", 50, 49),
        (range(1000), "99.9%", 999, 998),
        (range(1000), "0%", 0, 0),
        (range(1000), "100%", 999, 999),
        (range(19), "5%", 0, 0),  # a twentieth of nineteen is less than one
        ([3, None, 1, 2, None], "50%", 2, 2),  # of the values that are not null, in any order
        ([0, 1, 1, 1], "25%", 1, 0),
        ([0, 0, 1, 1], "25%", 0, 0),  # a quarter may fail, but two are equal
        ([0.5], "50%", 0.5, 0.5),
    ],
)
def test_percentiles(values, bound, least, most):
    assert limits({"answer_length": ThresholdConfig(min=bound)}, column(*values)) == [
        ("answer_tgt", "answer_length", least, None)
    ]
    assert limits({"answer_length": ThresholdConfig(max=bound)}, column(*values)) == [
        ("answer_tgt", "answer_length", None, most)
    ]


@given(st.lists(st.none() | st.integers(0, 20), min_size=1), st.decimals(0, 100, places=1))
def test_a_percentile_drops_as_many_as_it_may(values, percent):
    present = [value for value in values if value is not None]
    scores = column(*values)
    for name, share in ("min", Fraction(percent) / 100), ("max", 1 - Fraction(percent) / 100):
        bounds = limits({"answer_length": ThresholdConfig(**{name: f"{percent}%"})}, scores)
        assert len(bounds) == bool(present)
        for *_, least, most in bounds:
            outside = [value for value in present if (value < least if name == "min" else value > most)]
            further = [value for value in present if (value > least if name == "min" else value < most)]
            assert len(outside) <= share * len(present)
            # The next value as bound would drop too many.
            assert not further or len(present) - len(further) > share * len(present)


def test_each_text_has_percentiles_of_its_own_which_verdicts_name():
    scores = pl.DataFrame(
        {"id": list("abcd"), "question_length": [1.0, 2, 3, 4], "answer_length": [1 / 3, 2 / 3, 4 / 3, 8 / 3]}
    )
    judged = judge(scores, cuts({"length": ThresholdConfig(min="25%", max="75%")}, scores))
    assert [failed(row) for row in judged.to_dicts()] == [
        [
            ("question_tgt", "length", 1.0, ">= 2 (25%)", 0.0),
            ("answer_tgt", "length", 1 / 3, ">= 0.666667 (25%)", 0.0),
        ],
        [],
        [],
        [
            ("question_tgt", "length", 4.0, "<= 3 (75%)", 0.0),
            ("answer_tgt", "length", 8 / 3, "<= 1.33333 (75%)", 0.0),
        ],
    ]


@pytest.mark.parametrize(
    ("threshold", "is_relative"),
    [
        ({"min": 0.5, "max": 2}, False),
        ({"min": "5%"}, True),
        ({"max": "95%"}, True),
        ({"min": 0.5, "max": "99.5%"}, True),
    ],
)
def test_whether_the_whole_run_is_looked_at(threshold, is_relative):
    assert (
        relative({"length": ThresholdConfig(min=0), "language": ThresholdConfig.model_validate(threshold)})
        is is_relative
    )


NAMES = ("length", "src_language", "language")
COLUMNS = [f"{part}_{name}" for part in ("question", "answer") for name in NAMES]
VALUES = st.none() | st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
LEAST, MOST = (st.none() | st.sampled_from(bounds) for bounds in ([0.0, 0.25, 0.5], [0.5, 0.75, 1.0]))
SOME_THRESHOLDS = st.dictionaries(
    st.sampled_from([*NAMES, *COLUMNS, "round_trip"]),
    st.builds(ThresholdConfig, min=LEAST, max=MOST, weight=st.sampled_from([0.0, 0.5, 1.0])),
)


def plain(row, thresholds):
    """A row's weights and failures, one filter after another."""
    weight_of = dict.fromkeys(TEXTS, 1.0)
    failures = []
    for name in sorted(thresholds):
        threshold = thresholds[name]
        for part in ("question", "answer"):
            if name.startswith(("question_", "answer_")):
                key = name if name.startswith(part) else None
            else:
                key = None if f"{part}_{name}" in thresholds else f"{part}_{name}"
            value = row.get(key)
            if value is None:
                continue
            text = f"{part}_src" if "_src_" in key else f"{part}_tgt"
            wanted = None
            if threshold.max is not None and value > threshold.max:
                wanted = f"<= {threshold.max:g}"
            if threshold.min is not None and value < threshold.min:
                wanted = f">= {threshold.min:g}"
            if wanted:
                weight_of[text] *= threshold.weight
                failures.append((text, name, value, wanted, threshold.weight))
    weight_of["question_tgt"] *= weight_of["question_src"]
    weight_of["answer_tgt"] *= weight_of["answer_src"]
    return tuple(weight_of.values()), failures


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, VALUES))), SOME_THRESHOLDS)
def test_a_table_is_judged_as_row_by_row(rows, thresholds):
    scores = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.Float64)).with_row_index("id")
    judged = judge(scores, cuts(thresholds, None))
    assert [(weights(row), failed(row)) for row in judged.to_dicts()] == [plain(row, thresholds) for row in rows]
