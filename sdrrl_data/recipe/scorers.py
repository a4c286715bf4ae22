"""The names of a recipe's scorers, and their scores."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sdrrl_data.recipe.components import Score, ScorerConfig
from sdrrl_data.suggestions import instead

HEURISTICS = "heuristics"  # the common name of the scorers that only count

# Scores of the model's answers that need no scorer.
ANSWER_SCORES = (
    Score(
        "src_finished",
        says="1 if the model ended its answer by itself, 0 if it was cut at the limit",
        misses="whether a finished answer says all that it should",
        low="cut at generator.max_tokens tokens",
        highest=1,
    ),
    Score(
        "src_refused",
        says="1 if the model declined to answer, going by how its answer begins, else 0",
        misses="a refusal in words that it does not know, or in a language whose phrases it does not have",
        high="refused by the model",
        better="less",
        highest=1,
    ),
)
KNOWN_SCORES = tuple(score.name for score in ANSWER_SCORES)


def score_tables(scorers: Sequence[ScorerConfig]) -> list[str]:
    """The names of the tables with the scores of these scorers, and with the scores that need no scorer."""
    names = (scorer.called() for scorer in scorers if not scorer.counts_only)
    return [f"scores-{name}" for name in (HEURISTICS, *names)]


def of_source(score: str) -> bool:
    """Whether a score, or its part for questions or answers (`question_…`), judges the text in the source language."""
    return of_both_texts(score).startswith("src_")


def of_both_texts(score: str) -> str:
    """The name of a score without the text that it is for (`question_…`, `answer_…`)."""
    return score.removeprefix("question_").removeprefix("answer_")


def no_such_score(name: str, scores: Collection[str]) -> str:
    """A sentence for a threshold of a score that there is not: which score is meant, or which scorer is missing."""
    kinds = {
        column: kind
        for kind, scorer in ScorerConfig.kinds().items()
        for score in scorer.scores
        for column in score.columns
    }
    names = (name, name.removeprefix("question_"), name.removeprefix("answer_"))
    if kind := next((kinds[score] for score in names if score in kinds and score not in scores), None):
        return f"thresholds.{name}: no scorer of the recipe gives this score: add it with --set scorers.{kind}={{}}"
    of_recipe = instead(name, sorted(scores), "thresholds.")
    remedy = instead(name, sorted({*scores, *kinds}), "thresholds.", otherwise=of_recipe)
    return f"thresholds.{name}: there is no such score: {remedy}"


def may_have_threshold(name: str, scores: Collection[str]) -> bool:
    """Whether a name is one of these scores, or `question_…` or `answer_…` for one of the texts."""
    of_question = name.removeprefix("question_")
    if of_question in KNOWN_SCORES and of_question != name:
        return False  # it is of answers alone
    return name.removeprefix("answer_") in scores or of_question in scores


def scores_of(scorer: ScorerConfig) -> tuple[str, ...]:
    """The columns of a scorer's scores."""
    return tuple(column for score in scorer.declared() for column in score.columns)


def score_columns(scorers: Sequence[ScorerConfig]) -> dict[str, Score]:
    """Every column of scores in a recipe with these scorers, with its score; scores that need no scorer come last."""
    scores = [*(score for scorer in scorers for score in _of_texts(scorer)), *ANSWER_SCORES]
    return {column: score for score in scores for column in score.columns}


def _of_texts(scorer: ScorerConfig) -> Iterator[Score]:
    """The scores of a scorer, which say if it judges only questions, or only answers."""
    for score in scorer.declared():
        if scorer.texts == "both":
            yield score
        else:
            others = "answers" if scorer.texts == "question" else "questions"
            yield score._replace(unscored="; ".join(filter(None, [f"{others}, as the recipe says", score.unscored])))


def shipped_scores() -> dict[str, Score]:
    """Every column of scores that a scorer of this package gives, or that needs no scorer."""
    scores = [*ANSWER_SCORES, *(score for kind in ScorerConfig.kinds().values() for score in kind.scores)]
    return {column: score for score in scores for column in score.columns}


def known_scores(sections: Sequence[Mapping[str, Any]]) -> dict[str, Score]:
    """Every column of scores that has words of its own, in a recipe with these sections of scorers, as they are dumped.

    Nobody's own code is imported for it.
    """
    return shipped_scores() | score_columns([*_known(sections)])


def _known(sections: Sequence[Mapping[str, Any]]) -> Iterator[ScorerConfig]:
    for section in sections:
        if kind := ScorerConfig.loaded(section["kind"]):
            try:
                yield kind.model_validate_json(json.dumps(section))
            except ValidationError:  # of another version of sdrrl-data
                continue
