"""Settings as YAML: they are read safely, changed value by value, and mistakes are explained in one sentence."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import Config


class _Loader(yaml.SafeLoader):
    """Reads YAML as far as JSON can hold it: a date stays a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str, where: str) -> Any:
    """The data in a YAML text.

    Args:
        text: YAML.
        where: the source of the text, for the error message ("recipe mine.yaml").

    Raises:
        RecipeError: the text is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{where} is not YAML{line}: {getattr(error, 'problem', error)}") from None


def written(content: object) -> str:
    """Data as YAML, in its order."""
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def parse_change(text: str) -> tuple[str, Any]:
    """`generator.temperature=0.5` as key and value; the value is read as YAML.

    Raises:
        RecipeError: the text does not have this form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set {text}: expected key=value, such as generator.temperature=0.5")
    return key.strip(), read(value, f"--set {key.strip()}")


def change(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a value by its dotted key; missing sections are created."""
    *sections, last = key.split(".")
    for section in sections:
        content = _section(content, section)
    content[last] = value


def lay_over(content: dict[str, Any], layer: Mapping[str, Any]) -> None:
    """Put the values of a layer into settings, section by section; a list replaces a list."""
    for key, value in layer.items():
        section = content.get(key)
        if isinstance(section, dict) and isinstance(value, dict):
            lay_over(section, value)
        else:
            content[key] = value


def _section(content: dict[str, Any], name: str) -> dict[str, Any]:
    """A section of a recipe, created if it is missing. From a list: its sections by their number from 0, or kind."""
    value = content.get(name)
    if isinstance(value, list):
        by_kind = {
            section["kind"]: section for section in reversed(sections(value)) if isinstance(section.get("kind"), str)
        }
        by_number = {str(number): section for number, section in enumerate(value)}
        return value[0] if len(value) == 1 and name != "scorers" else by_kind | by_number
    if not isinstance(value, dict):
        value = content[name] = {}
    return value


def sections(value: Any) -> list[dict[str, Any]]:
    """The sections in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def explain(error: ValidationError | TypeError, what: str, members: Mapping[str, int] | None = None) -> str:
    """The first mistake in one sentence: the key, what is wrong, and what was expected.

    Args:
        error: pydantic's errors, or a value that JSON cannot hold.
        what: the kind of the settings, for the sentence ("a recipe").
        members: key of a section of several kinds -> the index at which pydantic puts the kind into a mistake's path.
    """
    if isinstance(error, TypeError):
        return f"a value in it is not plain data ({error})"
    first, *more = error.errors(include_url=False)
    member = (members or {}).get(str(first["loc"][0])) if first["loc"] else None
    key = ".".join(str(step) for index, step in enumerate(first["loc"]) if index != member)
    also = f" (and {len(more)} more {'mistake' if len(more) == 1 else 'mistakes'})" if more else ""
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key.rpartition(".")[2], set(_keys()), n=1)
        return f"{key} is not a key of {what}{f', did you mean {close[0]}?' if close else ''}{also}"
    if first["type"] == "missing":
        return f"{key} is missing{also}"
    if first["type"] == "value_error":
        return f"{first['ctx']['error']}{also}"
    expected = first["msg"][0].lower() + first["msg"][1:]
    value = first["input"]
    found = f"a {'mapping' if isinstance(value, dict) else 'list'}" if isinstance(value, dict | list) else repr(value)
    return f"{key}: {expected}, found {found}{also}"


def _keys(section: type[Config] = Config) -> Iterator[str]:
    """The keys of all sections of a recipe."""
    yield from (str(field.validation_alias or name) for name, field in section.model_fields.items())
    for subclass in section.__subclasses__():
        yield from _keys(subclass)
