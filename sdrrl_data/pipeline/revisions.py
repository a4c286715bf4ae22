"""What a run has settled on: a branch of the Hub may move, its commit stays."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Config, MagpieConfig, ParallelConfig, Recipe, SeedsConfig
from sdrrl_data.run import Manifest

Model = TypeVar("Model", bound=Config)
Rows = TypeVar("Rows", SeedsConfig, ParallelConfig)

COMMIT = re.compile("[0-9a-f]{40}")


def pinned(recipe: Recipe, before: Manifest | None) -> Recipe:
    """The recipe with the revisions that the run began with, where it names the same models and data as then."""
    if before is None:
        return recipe
    changes: dict[str, Any] = {}
    changes["generator"] = _pinned(recipe.generator, "generator", [before.recipe["generator"]], before)
    changes["translator"] = tuple(
        _pinned(own, "translator", before.recipe["translator"], before) for own in recipe.translator
    )
    changes["scorers"] = tuple(_pinned(own, "scorer", before.recipe["scorers"], before) for own in recipe.scorers)
    aligner, was = recipe.code_switching.aligner, before.recipe["code_switching"]["aligner"]
    changes["code_switching"] = recipe.code_switching.model_copy(
        update={"aligner": _pinned(aligner, "aligner", [was], before)}
    )
    if not isinstance(recipe.seeds, MagpieConfig):
        were = before.recipe["seeds"]
        changes["seeds"] = tuple(_pinned_rows(own, "seeds", were, before) for own in recipe.seeds)
    if recipe.parallel:
        changes["parallel"] = _pinned_rows(recipe.parallel, "parallel corpus", [before.recipe["parallel"]], before)
    return recipe.model_copy(update=changes)


def _pinned(settings: Model, role: str, were: Sequence[Mapping[str, Any]], before: Manifest) -> Model:
    """A model's settings with the revision that the run began with, where they named the same model then."""
    model = settings.model_dump(include={"model", "revision"})
    found = known(before, role, model.get("model"))
    if found and any(all(was.get(key) == value for key, value in model.items()) for was in were):
        return settings.model_copy(update={"revision": found.revision})
    return settings


def _pinned_rows(settings: Rows, role: str, were: Sequence[Mapping[str, Any] | None], before: Manifest) -> Rows:
    """The settings of seeds or a corpus with the revision that the run began with, where they were the same then."""
    found = known(before, role, settings.source)
    if found and settings.model_dump(mode="json") in were:
        return settings.model_copy(update={"revision": found.revision})
    return settings


def settled(recipe: dict[str, Any], before: Manifest) -> bool:
    """Whether the seeds of a resolved recipe are those of the run, and nothing can have changed them since.

    A file can, as long as it is there. One that is gone (the run may have come from the Hub) has been read.
    """
    same = all(recipe[key] == before.recipe[key] for key in ("seeds", "limit"))
    return same and all(gone(own["source"]) for own in recipe["seeds"])


def gone(source: str) -> bool:
    """Whether there is no such file; a dataset of the Hub is none."""
    return not Path(source).expanduser().exists()


def known(before: Manifest | None, role: str, name: str | None, revision: str | None = None) -> Ingredient | None:
    """What a run took from the Hub under this name (and at this commit, if one is given)."""
    for ingredient in before.ingredients if before else ():
        taken = ingredient.revision or ""
        if (ingredient.role, ingredient.name) == (role, name) and COMMIT.fullmatch(taken) and revision in {None, taken}:
            return ingredient
    return None
