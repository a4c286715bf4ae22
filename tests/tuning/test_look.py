import numpy as np
import polars as pl
import pytest

from sdrrl_data.recipe import ThresholdConfig, shipped_scores
from sdrrl_data.steps import verdicts
from sdrrl_data.tuning import IN_FORCE, PROPOSED, Edge, Filters, Passing, Proposal, changes, look, with_proposal

ROWS = 1000
THRESHOLDS = {
    "similarity": ThresholdConfig(min=0.85),
    "src_language": ThresholdConfig(min=0.5),
    "question_length": ThresholdConfig(min="5%", max=1.1),
    "repetition": ThresholdConfig(max=0.3, weight=0.5),
}


def scores(tgt=0):
    """Scores of which one in twenty is bad."""
    rng = np.random.default_rng(tgt)

    def column(bad, good):
        drawn = np.where(rng.uniform(size=ROWS) < 0.05, rng.normal(*bad, ROWS), rng.normal(*good, ROWS))
        return pl.Series(np.where(rng.uniform(size=ROWS) < 0.01, np.nan, drawn)).fill_nan(None)

    return pl.DataFrame(
        {
            "id": [f"{number:04}" for number in range(ROWS)],
            "question_similarity": column((0.7, 0.02), (0.9, 0.02)),
            "answer_similarity": column((0.75, 0.02), (0.9, 0.02)),
            "answer_src_language": column((0.1, 0.02), (0.95, 0.02)),
            "question_length": column((0.5, 0.05), (1, 0.07)),
            "answer_repetition": column((0.8, 0.02), (0.1, 0.02)),
            "answer_language_label": ["pt"] * ROWS,
        }
    )


SHIPPED = shipped_scores()
NAMES = {name: SHIPPED[name] for name in ("similarity", "src_language", "length", "repetition", "comet")}
SIMILARITY = {"similarity": SHIPPED["similarity"]}


@pytest.fixture(scope="module")
def tuned():
    return {score.column: score for score in look(Filters(scores(), THRESHOLDS, "en", "pt"), NAMES)}


def test_each_score_of_each_text_in_the_order_asked_for(tuned):
    assert list(tuned) == [
        "question_similarity",
        "answer_similarity",
        "answer_src_language",
        "question_length",
        "answer_repetition",
    ]
    assert [score.language for score in tuned.values()] == ["pt", "pt", "en", "pt", "pt"]
    assert [score.better for score in tuned.values()] == ["more", "more", "more", "usual", "less"]
    assert all(score.distribution.nulls == scores()[column].null_count() for column, score in tuned.items())


def test_what_is_in_force_is_what_the_verdicts_ask(tuned):
    fifth = scores()["question_length"].drop_nulls().sort()
    assert tuned["question_similarity"].in_force == Passing(0.85, None)
    assert tuned["question_length"].in_force == Passing(fifth[int(0.05 * len(fifth))], 1.1)
    assert (tuned["answer_repetition"].in_force, tuned["answer_repetition"].weight) == (Passing(None, 0.3), 0.5)


@pytest.mark.parametrize("tgt", ["pt", "vi"])
def test_pairs_are_counted_as_the_verdicts_count_them(tgt):
    table = scores()
    cuts = verdicts.cuts(THRESHOLDS, table)
    weights = verdicts.judge(table, cuts)
    passing = weights.filter(pl.all_horizontal(pl.col(verdicts.TEXTS) > 0)).height
    filters = Filters(table, THRESHOLDS, "en", tgt)
    assert filters.pairs() == passing
    for score in look(filters, NAMES):
        if score.weight == 0:
            assert score.candidate(IN_FORCE).retained.pairs == passing


def test_candidates_keep_what_the_verdicts_would_keep(tuned):
    table = scores()
    for score in tuned.values():
        assert {IN_FORCE, PROPOSED} <= {name for candidate in score.candidates for name in candidate.names}
        for candidate in score.candidates:
            bounds = {key: bound for key, bound in candidate.passing._asdict().items() if bound is not None}
            changed = THRESHOLDS | {score.column: ThresholdConfig(**bounds)}
            weights = verdicts.judge(table, verdicts.cuts(changed, table))
            assert candidate.retained.pairs == weights.filter(pl.all_horizontal(pl.col(verdicts.TEXTS) > 0)).height
            fails = weights["failures"].list.eval(pl.element().struct.field("filter")).list.contains(score.column)
            assert candidate.retained.texts == ROWS - fails.sum()
        assert [candidate.retained.texts for candidate in score.candidates] == sorted(
            (candidate.retained.texts for candidate in score.candidates), reverse=True
        )


def test_percentiles_drop_so_many_at_most(tuned):
    for score in tuned.values():
        for candidate in score.candidates:
            for name in candidate.names:
                if name.endswith("%") and score.better != "usual":
                    assert (ROWS - candidate.retained.texts) / score.distribution.values <= float(name[:-1]) / 100


def test_a_bound_that_is_not_proposed_stays_in_force(tuned):
    assert 0.6 < tuned["question_length"].passing.min < 0.8
    assert tuned["question_length"].passing.max == 1.1
    assert tuned["question_length"].recommended


@pytest.mark.parametrize(
    ("low", "high", "now", "expected"),
    [
        (Edge(0.5, True), None, Passing(0.8, None), Passing(0.5, None)),  # a valley may also be wider
        (Edge(0.5, False), None, Passing(0.8, None), Passing(0.8, None)),
        (Edge(0.9, False), None, Passing(0.8, None), Passing(0.9, None)),
        (Edge(0.5, False), None, Passing(None, 3), Passing(0.5, 3)),
        (Edge(0.5, True), Edge(2, False), Passing(0.2, None), Passing(0.5, None)),
        (Edge(0.5, False), Edge(2, False), Passing(0.2, 1.5), Passing(0.5, 1.5)),
        (None, None, Passing(0.2, 1.5), Passing(0.2, 1.5)),
    ],
)
def test_what_a_proposal_changes(low, high, now, expected):
    assert with_proposal(Proposal(low, high, ""), now) == expected


def test_all_recommended_proposals_together(tuned):
    table = scores()
    changed = dict(THRESHOLDS)
    for score in tuned.values():
        bounds = {key: bound for key, bound in score.passing._asdict().items() if bound is not None}
        changed[score.column] = ThresholdConfig(**bounds, weight=score.weight)
    weights = verdicts.judge(table, verdicts.cuts(changed, table))
    expected = weights.filter(pl.all_horizontal(pl.col(verdicts.TEXTS) > 0)).height
    assert Filters(table, THRESHOLDS, "en", "pt").pairs(changes(tuned.values())) == expected


def test_without_thresholds_nothing_is_in_force():
    for score in look(Filters(scores(), {}, "en", "pt"), NAMES):
        assert score.in_force is None
        assert score.candidate(PROPOSED).retained.texts == score.candidate(PROPOSED).retained.pairs


def test_scores_that_all_are_missing_are_left_out():
    table = scores().with_columns(question_similarity=pl.lit(None, pl.Float64))
    assert [score.column for score in look(Filters(table, {}, "en", "pt"), SIMILARITY)] == ["answer_similarity"]
