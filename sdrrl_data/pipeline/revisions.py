"""The revisions that a run uses: a branch on the Hub may move, so the run keeps the commit that it began with."""

import json
import os
from typing import Any

from sdrrl_data.models.hub import COMMIT
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Config, Model, Recipe, SeedsConfig, fields
from sdrrl_data.recipe.markers import marker
from sdrrl_data.run import Manifest
from sdrrl_data.stores import address_of, of_file


def pinned(recipe: Recipe, before: Manifest | None) -> Recipe:
    """The recipe with the commits that the run began with, for models and data that it still names in the same way."""
    if before is None:
        return recipe
    earlier_places = {
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
            ingredient = known(before, role, place)
            if ingredient and (role, place, revision) in earlier_places:
                revisions[model.revision] = ingredient.revision
        return revisions

    return fields.changed(recipe, pin)


def settled(recipe: dict[str, Any], before: Manifest) -> bool:
    """Whether the seeds of a resolved recipe are those of the run, and cannot have changed.

    A file can have changed as long as it exists. If it does not exist (the run may come from the Hub), the run has read
    it before.
    """
    same = _sources(recipe) == _sources(before.recipe) and recipe["limit"] == before.recipe["limit"]
    seeds = recipe["seeds"]
    return same and all(gone(source["source"]) for source in (seeds["texts"] if isinstance(seeds, dict) else seeds))


def _sources(recipe: dict[str, Any]) -> list[SeedsConfig] | dict[str, Any]:
    """The seeds of a resolved recipe. An earlier version of sdrrl-data had fewer keys for them."""
    seeds: list[dict[str, Any]] | dict[str, Any] = recipe["seeds"]
    return (
        seeds if isinstance(seeds, dict) else [SeedsConfig.model_validate_json(json.dumps(source)) for source in seeds]
    )


def gone(source: str) -> bool:
    """Whether there is no such file; a dataset on the Hub is not a file."""
    if address := address_of(source):
        folder, name = of_file(address)
        return not folder.exists(name)
    return not os.path.exists(os.path.expanduser(source))


def known(
    before: Manifest | None, role: str | None, name: str | None, revision: str | None = None
) -> Ingredient | None:
    """The run's ingredient from the Hub with this name (and at this commit, if `revision` is set)."""
    for ingredient in before.ingredients if before else ():
        commit = ingredient.revision or ""
        if (
            (ingredient.role, ingredient.name) == (role, name)
            and COMMIT.fullmatch(commit)
            and revision in {None, commit}
        ):
            return ingredient
    return None
