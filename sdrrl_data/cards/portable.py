"""A recipe and a manifest as they may leave the machine: no path of it, and no server."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path, PurePath
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
    local = []

    def named(place: str) -> str:
        if place in {*on_hub, *NOWHERE} or place.startswith("package:"):
            return place
        local.append(PurePath(place).name)
        return local[-1]

    portable = _placed(found, named)
    for section in _sections(portable):
        for key in section.keys() & {"server", "python"}:
            section[key] = None
    return portable, local


def within(folder: Path, found: Mapping[str, Any], local: Collection[str]) -> dict[str, Any]:
    """A recipe as `recipe` gives it, with what was local looked for in a folder, and nowhere else.

    Another file of the same name that happens to stand where a command is typed is not what the run was made from.
    """
    return _placed(found, lambda place: str(folder / place) if place in local else place)


def _placed(found: Mapping[str, Any], placed: Callable[[str], str]) -> dict[str, Any]:
    """A recipe with each place (a file, a directory, a name on the Hub) as `placed` gives it."""
    copy = deepcopy(dict(found))
    for section in _sections(copy):
        for key in ("source", "model", "models", "sets", "against"):
            match section.get(key):
                case str() as place:
                    section[key] = placed(place)
                case list() as places:
                    section[key] = [placed(place) for place in places]
    return copy


def _sections(part: Any) -> Iterator[dict[str, Any]]:
    """Every section within a part of a recipe, at any depth."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for own in part:
            yield from _sections(own)
