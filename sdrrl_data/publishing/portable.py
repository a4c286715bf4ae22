"""A recipe and a manifest as they may leave the machine: no path of it, and no server."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import PurePath
from typing import Any

from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest

NOWHERE = {"magpie", "mozilla"}  # sources and models that are neither files nor on the Hub


def manifest(found: Manifest) -> Manifest:
    """A manifest with its recipe as `recipe` makes it."""
    return found.model_copy(update={"recipe": recipe(found.recipe, found.ingredients)[0]})


def recipe(found: Mapping[str, Any], ingredients: Sequence[Ingredient]) -> tuple[dict[str, Any], list[str]]:
    """A recipe with its files and directories named without their folders, and these names; no server is named.

    Args:
        found: as a manifest holds it.
        ingredients: of the same run; those with a `/` in their names are on the Hub.
    """
    on_hub = {part.name for part in ingredients if "/" in part.name}
    portable = deepcopy(dict(found))
    local = []

    def named(place: str) -> str:
        if place in {*on_hub, *NOWHERE} or place.startswith("package:"):
            return place
        local.append(PurePath(place).name)
        return local[-1]

    for section in _sections(portable):
        for key in section.keys() & {"server", "python"}:
            section[key] = None
        for key in ("source", "model", "models", "sets", "against"):
            match section.get(key):
                case str() as place:
                    section[key] = named(place)
                case list() as places:
                    section[key] = [named(place) for place in places]
    return portable, local


def _sections(part: Any) -> Iterator[dict[str, Any]]:
    """Every section within a part of a recipe, at any depth."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for own in part:
            yield from _sections(own)
