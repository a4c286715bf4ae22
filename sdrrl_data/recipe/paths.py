"""Paths in settings: they are relative to the settings' file, and the contents of some files replace their paths."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.fields import Written, walk
from sdrrl_data.recipe.markers import Place, TakenIn

PACKAGED = Path(str(files("sdrrl_data.recipes")))


def resolve(config: type[Config], content: dict[str, Any], folder: Path, shipped: Path | None = None) -> None:
    """Replace paths that exist in the folder of the settings by complete paths.

    Other paths stay as they are: they may be names on the Hub, or relative to the working directory.

    Args:
        config: the class of the settings.
        content: the settings as they are written; they are changed.
        folder: the folder of their file.
        shipped: a folder of files that come with the package, where paths are searched for second.

    Raises:
        RecipeError: the settings name the user's code, and it cannot be imported.
    """

    def resolved(path: Any, words: frozenset[str]) -> Any:
        if not isinstance(path, str) or not path or path in words or path.startswith("package:"):
            return path
        # If a text is too long to be a path, `os.path` returns False where `Path` would raise.
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
    """Replace the paths of files by their contents, in the fields that are marked `TakenIn`.

    Args:
        config: the class of the settings.
        content: the settings as they are written; they are changed.

    Raises:
        RecipeError: a file cannot be read, or its content is wrong; or the settings name the user's code, and it cannot
            be imported.
    """
    for field in list(walk(config, content, importing=True)):
        if field.marker(Place) and isinstance(field.value, str) and "\0" in field.value:
            raise RecipeError(f"{field.key}: {field.value!r} is neither a path nor a name")
        taken_in = _file(field)
        if not taken_in:
            continue
        try:
            field.section[field.name] = taken_in.read(Path(os.path.expanduser(field.value)).read_text(encoding="utf-8"))
        except OSError as error:
            raise RecipeError(f"{field.key}: {field.value} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise RecipeError(f"{field.key}: {field.value} has the wrong content ({error})") from None


def names_file(config: type[Config], content: dict[str, Any]) -> bool:
    """Whether `take_in` would read a file of this machine; in a section of an unknown class, going by the endings."""
    fields = list(walk(config, content))
    unknown_texts = (field.value for field in fields if not field.known and isinstance(field.value, str))
    return any(_file(field) for field in fields) or any(text.endswith((".jinja", ".jsonl")) for text in unknown_texts)


def _file(field: Written) -> TakenIn | None:
    """The marker `TakenIn` of a field that names such a file; None for other fields."""
    taken_in = field.marker(TakenIn)
    return taken_in if taken_in and isinstance(field.value, str) and field.value.endswith(taken_in.ending) else None
