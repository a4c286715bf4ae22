"""What the scorers of a recipe are called, and which scores they give."""

from collections.abc import Sequence

from sdrrl_data.recipe.components import Score, ScorerConfig

HEURISTICS = "heuristics"  # what the scorers that only count are called together

# Of the model's answers, known without a scorer.
ANSWER_SCORES = (
    Score(
        "src_finished",
        says="1 if the model ended its answer by itself, 0 if it was cut at the limit",
        misses="whether a finished answer says all that it should",
    ),
    Score(
        "src_refused",
        says="1 if the model declined to answer, going by how its answer begins, else 0",
        misses="a refusal in words that it does not know, or in a language whose phrases it does not have",
        better="less",
    ),
)
KNOWN_SCORES = tuple(score.name for score in ANSWER_SCORES)


def scorer_name(scorer: ScorerConfig) -> str:
    """What to call a scorer, and the table of its scores."""
    return scorer.called()


def score_tables(scorers: Sequence[ScorerConfig]) -> list[str]:
    """What the tables are called that hold the scores of these, and what is known without a scorer."""
    names = (scorer_name(scorer) for scorer in scorers if not scorer.counts_only)
    return [f"scores-{name}" for name in (HEURISTICS, *names)]


def of_source(score: str) -> bool:
    """Whether a score, or one of questions or answers alone (`question_…`), judges the text in the source language."""
    return score.removeprefix("question_").removeprefix("answer_").startswith("src_")


def scores_of(scorer: ScorerConfig) -> tuple[str, ...]:
    """The columns of the scores that a scorer gives."""
    return tuple(column for score in scorer.declared() for column in score.columns)


def score_columns(scorers: Sequence[ScorerConfig]) -> dict[str, Score]:
    """Every column of scores that a recipe with these scorers has, with its score; those known without one last."""
    scores = [*(score for scorer in scorers for score in scorer.declared()), *ANSWER_SCORES]
    return {column: score for score in scores for column in score.columns}


def shipped_scores() -> dict[str, Score]:
    """Every column of scores that is known without a scorer, or that a scorer of this package gives."""
    scores = [*ANSWER_SCORES, *(score for kind in ScorerConfig.kinds().values() for score in kind.scores)]
    return {column: score for score in scores for column in score.columns}
