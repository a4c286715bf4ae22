"""Paths in settings as they are written: relative to the file that they stand in; some are read in."""

import os
from pathlib import Path
from typing import Any

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.fields import Written, walk
from sdrrl_data.recipe.markers import Place, TakenIn


def resolve(config: type[Config], content: dict[str, Any], folder: Path, shipped: Path | None = None) -> None:
    """Put paths that exist beside the settings in the place of those that are written there.

    What is not there stays as it is written: it may be on the Hub, or relative to the working directory.

    Args:
        config: what the settings are.
        content: as they are written; changed.
        folder: that they stand in.
        shipped: a folder of files that come with the package, looked into second.

    Raises:
        RecipeError: the user's own code that they name cannot be imported.
    """

    def resolved(path: Any, words: frozenset[str]) -> Any:
        if not isinstance(path, str) or not path or path in words or path.startswith("package:"):
            return path
        # `os.path` says no where `Path` would raise: at a text that is too long to be a path.
        if os.path.exists(folder / path):
            return str(folder / path)
        if shipped and os.path.isfile(shipped / path):
            return str(shipped / path)
        return path

    for field in list(walk(config, content, importing=True)):
        words = place.words if (place := field.marker(Place)) else frozenset()
        if place or _file(field):
            if isinstance(field.value, list):
                field.section[field.name] = [resolved(path, words) for path in field.value]
            else:
                field.section[field.name] = resolved(field.value, words)


def take_in(config: type[Config], content: dict[str, Any]) -> None:
    """Put the contents of files in the place of their paths, in the fields that say so.

    Args:
        config: what the settings are.
        content: as they are written; changed.

    Raises:
        RecipeError: a file cannot be read, or is not as expected; or the user's own code that the settings name cannot
            be imported.
    """
    for field in list(walk(config, content, importing=True)):
        taken = _file(field)
        if not taken:
            continue
        try:
            field.section[field.name] = taken.read(Path(field.value).expanduser().read_text(encoding="utf-8"))
        except OSError as error:
            raise RecipeError(f"{field.key}: {field.value} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise RecipeError(f"{field.key}: {field.value} is not as expected ({error})") from None


def names_file(config: type[Config], content: dict[str, Any]) -> bool:
    """Whether a file of this machine would be taken in; what is not known here is taken for such where it looks so."""
    fields = list(walk(config, content))
    texts = (field.value for field in fields if not field.known and isinstance(field.value, str))
    return any(_file(field) for field in fields) or any(text.endswith((".jinja", ".jsonl")) for text in texts)


def _file(field: Written) -> TakenIn | None:
    """How the file that a field names is taken in; None where it names none."""
    taken = field.marker(TakenIn)
    return taken if taken and isinstance(field.value, str) and field.value.endswith(taken.ending) else None
