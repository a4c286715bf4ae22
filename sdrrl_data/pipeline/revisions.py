"""What a run has settled on: a branch of the Hub may move, its commit stays."""

import os
from typing import Any

from sdrrl_data.models.hub import COMMIT
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Config, Model, Recipe, fields
from sdrrl_data.recipe.markers import marker
from sdrrl_data.run import Manifest


def pinned(recipe: Recipe, before: Manifest | None) -> Recipe:
    """The recipe with the revisions that the run began with, where it names the same models and data as then."""
    if before is None:
        return recipe
    were = {
        (field.role, field.value, field.section.get(model.revision))
        for field in fields.walk(Recipe, before.recipe)
        if (model := field.marker(Model)) and isinstance(field.value, str)
    }

    def pin(section: Config, role: str | None) -> dict[str, str | None]:
        revisions = {}
        for name, field in type(section).model_fields.items():
            if not (model := marker(field, Model)):
                continue
            place, revision = getattr(section, name), getattr(section, model.revision)
            taken = known(before, role, place)
            if taken and (role, place, revision) in were:
                revisions[model.revision] = taken.revision
        return revisions

    return fields.changed(recipe, pin)


def settled(recipe: dict[str, Any], before: Manifest) -> bool:
    """Whether the seeds of a resolved recipe are those of the run, and nothing can have changed them since.

    A file can, as long as it is there. One that is gone (the run may have come from the Hub) has been read.
    """
    same = all(recipe[key] == before.recipe[key] for key in ("seeds", "limit"))
    return same and all(gone(source["source"]) for source in recipe["seeds"])


def gone(source: str) -> bool:
    """Whether there is no such file; a dataset of the Hub is not a file."""
    return not os.path.exists(os.path.expanduser(source))


def known(
    before: Manifest | None, role: str | None, name: str | None, revision: str | None = None
) -> Ingredient | None:
    """What a run took from the Hub under this name (and at this commit, if one is given)."""
    for ingredient in before.ingredients if before else ():
        taken = ingredient.revision or ""
        if (ingredient.role, ingredient.name) == (role, name) and COMMIT.fullmatch(taken) and revision in {None, taken}:
            return ingredient
    return None
