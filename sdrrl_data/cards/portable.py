"""A recipe and a manifest as they may leave the machine: no path of it, and no server."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from pathlib import Path, PurePath
from typing import Any

from sdrrl_data.models.places import hub_name
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Place, Recipe, StaysHere
from sdrrl_data.recipe.fields import Written, walk
from sdrrl_data.run import Manifest

NAMELESS = "unnamed"  # for a place whose last part is no name of a file: "..", or nothing


def manifest(local_manifest: Manifest) -> Manifest:
    """A manifest with its recipe as `recipe` makes it, and without the file and the command that it was made from."""
    portable_recipe = recipe(local_manifest.recipe, local_manifest.ingredients)[0]
    return local_manifest.model_copy(update={"recipe": portable_recipe, "named": None, "command": None})


def recipe(settings: Mapping[str, Any], ingredients: Sequence[Ingredient]) -> tuple[dict[str, Any], list[str]]:
    """A recipe with its files and directories named without their folders, and these names; no server is named.

    Which fields are places, or stay here, they say themselves. Of a component that is not known here, whatever looks
    like a path is taken for one.

    Args:
        settings: as a manifest holds it.
        ingredients: of the same run, and as little to be trusted as the settings, where both come from the Hub: those
            with names that the Hub allows are on the Hub.
    """
    on_hub = {part.name for part in ingredients if hub_name(part.name)}
    local = []

    def named(place: str) -> str:
        if place in on_hub or place.startswith("package:"):
            return place
        name = PurePath(place).name
        local.append(NAMELESS if name in {"", ".."} else name)
        return local[-1]

    portable = deepcopy(dict(settings))
    if targets := portable.get("targets"):  # only what the run used: of other models, it is not known where they are
        portable["targets"] = {tag: target for tag, target in targets.items() if tag in portable["tgt"]}
        if all("translator" in targets.get(tag, {}) for tag in portable["tgt"]):
            portable["translator"] = []
    for field in list(walk(Recipe, portable)):
        if field.marker(StaysHere):
            field.section[field.name] = field.default
    return _placed(portable, named), local


def within(folder: Path, settings: Mapping[str, Any], local: Collection[str]) -> dict[str, Any]:
    """A recipe as `recipe` gives it, with what was local looked for in a folder, and nowhere else.

    Another file of the same name that happens to stand where a command is typed is not what the run was made from.
    """
    return _placed(settings, lambda place: str(folder / place) if place in local else place)


def _placed(settings: Mapping[str, Any], placed: Callable[[str], str]) -> dict[str, Any]:
    """A recipe with each place (a file, a directory, a name on the Hub) as `placed` gives it."""
    copy = deepcopy(dict(settings))
    for field in list(walk(Recipe, copy)):
        if isinstance(field.value, list):
            field.section[field.name] = [_where(field, item, placed) for item in field.value]
        else:
            field.section[field.name] = _where(field, field.value, placed)
    return copy


def _where(field: Written, value: Any, placed: Callable[[str], str]) -> Any:
    """One value of a field: a place as `placed` gives it, all else as it is."""
    if not isinstance(value, str) or not value:
        return value
    place = field.marker(Place)
    is_place = value not in place.words if place else not field.known and _looks_local(value)
    return placed(value) if is_place else value


def _looks_local(value: str) -> bool:
    """Whether a text could be a path of this machine."""
    return os.sep in value or value.startswith("~") or os.path.exists(value)
