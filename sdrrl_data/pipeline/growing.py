"""How many questions a run takes, and how it goes on until enough pairs pass the thresholds."""

from math import ceil
from typing import NamedTuple

from sdrrl_data.recipe import Recipe
from sdrrl_data.run import Manifest

MARGIN = 1.02  # more than the share that has passed so far lets expect, so that a run seldom grows once more
MOST = 10  # times as many questions as before, at most: the first pairs may say little about the others


class Passed(NamedTuple):
    """The target of a run of which the fewest pairs pass."""

    tag: str
    pairs: int  # of which every text passes
    questions: int  # of the run

    def __str__(self) -> str:
        return f"{self.tag}: {self.pairs:,} of {self.questions:,} questions passed ({self.pairs / self.questions:.0%})"


def questions(recipe: Recipe, before: Manifest | None) -> int | None:
    """How many questions a run takes at first; None for all.

    Args:
        recipe: `keep` is how many pairs should pass, and `limit` then how many questions may be taken.
        before: the run's manifest so far; what it has grown to, it keeps.
    """
    if recipe.keep is None:
        return recipe.limit
    return _at_most(recipe, max(recipe.keep, sum(map(sum, before.growths)) if before else 0))


def passed(manifest: Manifest) -> Passed:
    """The target of a finished run of which the fewest pairs pass."""
    questions = sum(map(sum, manifest.growths))
    return min((Passed(tag, target.kept, questions) for tag, target in manifest.counts.targets.items()), key=_pairs)


def more(recipe: Recipe, manifest: Manifest, asked: int | None) -> int | None:
    """How many questions the run should take next; None if enough pairs pass, or there are no more questions.

    A percentile is one of the whole run, so that what passes is judged anew each time that the run has grown.

    Args:
        recipe: of the run.
        manifest: of the run, which is finished with the questions that it was asked for.
        asked: how many that were.
    """
    if recipe.keep is None or asked is None:
        return None
    so_far = passed(manifest)
    if so_far.pairs >= recipe.keep or so_far.questions < asked:
        return None
    most = MOST * so_far.questions
    expected = ceil(MARGIN * recipe.keep * so_far.questions / so_far.pairs) if so_far.pairs else most
    wanted = _at_most(recipe, max(min(expected, most), so_far.questions + 1))
    return wanted if wanted > so_far.questions else None


def shortfall(recipe: Recipe, manifest: Manifest) -> str | None:
    """A sentence if fewer pairs pass than `keep` asks for."""
    if recipe.keep is None or (so_far := passed(manifest)).pairs >= recipe.keep:
        return None
    why = (
        "and there are no more"
        if recipe.limit is None or so_far.questions < recipe.limit
        else "all that --limit allows"
    )
    return f"{so_far}, {why}, so {recipe.keep:,} pairs cannot be kept: give more questions, or lower --keep"


def _at_most(recipe: Recipe, questions: int) -> int:
    return min(questions, recipe.limit or questions)


def _pairs(passed: Passed) -> int:
    return passed.pairs
