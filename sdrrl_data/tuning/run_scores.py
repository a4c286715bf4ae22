"""The scores of a run's targets, with what thresholds keep, as far as the run has them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from sdrrl_data import tuning
from sdrrl_data.errors import UserError
from sdrrl_data.recipe import (
    KNOWN_SCORES,
    Recipe,
    Score,
    of_source,
    score_columns,
    score_tables,
    scores_of,
)
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.suggestions import instead
from sdrrl_data.tuning import reading
from sdrrl_data.tuning.retention import Filters

ANSWERS = "answers"  # in place of a scorer: for what is known of the answers without one


class TunedTarget(NamedTuple):
    """The scores of one target."""

    tag: str
    scores: pl.DataFrame  # see `Filters`
    filters: Filters  # those in force
    tuned: list[tuning.TunedScore]
    translated: int  # rows that are to be judged
    judged: dict[str, int]  # rows of each table of scores: "scores-comet" -> rows

    @property
    def unfinished(self) -> dict[str, int]:
        """The tables of scores that lack rows, as in `judged`."""
        return {table: rows for table, rows in self.judged.items() if rows < self.translated}


def tune(
    run: Run, manifest: Manifest, tags: Sequence[str], scorer: str | None = None, score: str | None = None
) -> Iterator[TunedTarget]:
    """The scores of each target. Scores of texts in the source language come with the first target that has them.

    Args:
        run: may be unfinished.
        manifest: of the run.
        tags: of its targets.
        scorer: only the scores of this scorer.
        score: only this score.

    Raises:
        UserError: the run has no such scorer or score; when the targets are read, that it has no values of them yet.
    """
    recipe = recipe_of(run, manifest)
    return _targets(run, recipe, tags, _selected(recipe, scorer, score))


def _targets(run: Run, recipe: Recipe, tags: Sequence[str], selected: Mapping[str, Score]) -> Iterator[TunedTarget]:
    source_shown = any_score = False
    for tag in tags:
        scores, judged = reading.read(run, tag, score_tables(recipe.scorers))
        to_show = {name: declared for name, declared in selected.items() if not (source_shown and of_source(name))}
        filters = Filters(scores, recipe.for_target(tag).thresholds, recipe.src, tag)
        tuned = list(tuning.look(filters, to_show))
        any_score |= bool(tuned)
        source_shown |= any(tuned_score.language == recipe.src for tuned_score in tuned)
        translated = run.table(f"{tag}/translations").count() if judged else 0
        yield TunedTarget(tag, scores, filters, tuned, translated, judged)
    if not any_score:
        which = f"values of {next(iter(selected))}" if len(selected) == 1 else "scores"
        raise UserError(f"{run.path} has no {which} yet: {run.goes_on}")


def _selected(recipe: Recipe, scorer: str | None, score: str | None) -> Mapping[str, Score]:
    """The selected scores by their columns, in the order of the recipe's scorers."""
    scorers = {config.called(): scores_of(config) for config in recipe.scorers} | {ANSWERS: KNOWN_SCORES}
    if scorer is not None and scorer not in scorers:
        raise UserError(f"the run has no scorer {scorer}: {instead(scorer, scorers)}")
    names = [name for scorer_of, scores in scorers.items() if scorer in (None, scorer_of) for name in scores]
    if score is not None and score not in names:
        raise UserError(f"there is no score {score} here: {instead(score, names)}")
    declared = score_columns(recipe.scorers)
    return {name: declared[name] for name in names if score in (None, name)}
