"""Settings are plain data: only what JSON can hold, and no more than somebody would write."""

import math
from typing import Any

from sdrrl_data.errors import RecipeError

# Aliases of YAML can stand for more data than any memory has; a value may even contain itself.
DEEPEST = 50
MOST_VALUES = 200_000
MOST_CHARACTERS = 20_000_000


def refuse_others(content: Any, where: str) -> None:
    """Refuse settings with a value that JSON cannot hold, so that what is made from them can be read again.

    Args:
        content: settings.
        where: their source, for the error message ("recipe mine.yaml").

    Raises:
        RecipeError: a value is of another type, a number is not finite or has more than 64 bits, a text is not valid
            Unicode, or the settings are too deep or too large.
    """
    values, characters = 0, 0
    to_check: list[tuple[str, Any, int]] = [("", content, 0)]
    while to_check:
        key, value, depth = to_check.pop()
        if problem := _problem(value):
            raise RecipeError(f"{where}: {key or 'it'} {problem}")
        values += 1
        characters += len(value) if isinstance(value, str) else 0
        if values > MOST_VALUES or characters > MOST_CHARACTERS:
            raise RecipeError(
                f"{where}: it has more than {MOST_VALUES:,} values or {MOST_CHARACTERS:,} characters (aliases such as "
                "*name count as often as they are used)"
            )
        prefix = f"{key}." if key else ""
        within: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            within = list(value.items())
        elif isinstance(value, list | tuple):
            within = list(enumerate(value))
        if within and depth == DEEPEST:
            raise RecipeError(f"{where}: {key.partition('.')[0]} is nested more than {DEEPEST} levels deep")
        for name, item in reversed(within):
            if isinstance(value, dict) and (not isinstance(name, str) or _problem(name)):
                raise RecipeError(f"{where}: the key {name!r} in {key or 'it'} is not a text: write it in quotes")
            to_check.append((f"{prefix}{name}", item, depth + 1))


def _problem(value: Any) -> str | None:
    """Why JSON cannot hold a value, apart from what is in it."""
    match value:
        case None | bool() | dict() | list() | tuple():
            return None
        case str():
            return None if value.isascii() or _is_unicode(value) else "is not valid Unicode (a lone surrogate)"
        case int():
            return None if -(2**63) <= value < 2**63 else "is a number of more than 64 bits"
        case float():
            return None if math.isfinite(value) else f"is {value}: expected a finite number"
    return f"is of the type {type(value).__name__}, which cannot be stored: expected a text, a number, a list and so on"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
