"""Settings as YAML: read safely, changed value by value, and their mistakes told in a sentence."""

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
    """What a text in YAML says.

    Args:
        text: what was written.
        where: it stands, for the error's sentence ("recipe mine.yaml").

    Raises:
        RecipeError: it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{where} is not YAML{line}: {getattr(error, 'problem', error)}") from None


def written(content: object) -> str:
    """Data as YAML, in the order in which it is given."""
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def parse_change(text: str) -> tuple[str, Any]:
    """`generator.temperature=0.5` as key and value; the value is read as YAML.

    Raises:
        RecipeError: it is not of that form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set {text}: expected key=value, such as generator.temperature=0.5")
    return key.strip(), read(value, f"--set {key.strip()}")


def change(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a value by its dotted key; sections that are missing are made."""
    *sections, last = key.split(".")
    for section in sections:
        content = _section(content, section)
    content[last] = value


def _section(content: dict[str, Any], name: str) -> dict[str, Any]:
    """A section of a recipe, made where there is none; of several in a list, all by their number from 0, or kind."""
    value = content.get(name)
    if isinstance(value, list):
        named = {
            section_of_kind["kind"]: section_of_kind
            for section_of_kind in reversed(sections(value))
            if isinstance(section_of_kind.get("kind"), str)
        }
        numbered = {str(number): section for number, section in enumerate(value)}
        return value[0] if len(value) == 1 and name != "scorers" else named | numbered
    if not isinstance(value, dict):
        value = content[name] = {}
    return value


def sections(value: Any) -> list[dict[str, Any]]:
    """Of a list, what is a section."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def explain(error: ValidationError | TypeError, what: str, members: Mapping[str, int] | None = None) -> str:
    """The first mistake in one sentence: which key, what is wrong, what was expected.

    Args:
        error: what pydantic found, or that a value is no data.
        what: the settings are, for the sentence ("a recipe").
        members: sections that are of one kind or another, and where in a mistake's path pydantic puts the kind.
    """
    if isinstance(error, TypeError):
        return f"a value in it is not data ({error})"
    first, *more = error.errors(include_url=False)
    member = (members or {}).get(str(first["loc"][0])) if first["loc"] else None
    key = ".".join(str(step) for place, step in enumerate(first["loc"]) if place != member)
    also = f" (and {len(more)} more like it)" if more else ""
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key.rpartition(".")[2], set(_keys()), n=1)
        return f"{key} is not a key of {what}{f', did you mean {close[0]}?' if close else ''}{also}"
    if first["type"] == "missing":
        return f"{key} is missing{also}"
    if first["type"] == "value_error":
        return f"{first['ctx']['error']}{also}"
    expected = first["msg"][0].lower() + first["msg"][1:]
    return f"{key}: {expected}, found {first['input']!r}{also}"


def _keys(section: type[Config] = Config) -> Iterator[str]:
    """Every key that some section of a recipe knows."""
    yield from (str(field.validation_alias or name) for name, field in section.model_fields.items())
    for narrower in section.__subclasses__():
        yield from _keys(narrower)
