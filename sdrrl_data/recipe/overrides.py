"""Settings as YAML: they are read safely, changed value by value, and mistakes are explained in one sentence."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import Config, ScorerConfig, mistakes, paths, plain, plain_yaml
from sdrrl_data.suggestions import instead

C = TypeVar("C", bound=Config)


LONGEST = 5_000_000  # characters of a YAML text: reading them takes seconds


def read(text: str, where: str) -> Any:
    """The data in a YAML text.

    Args:
        text: YAML.
        where: the source of the text, for the error message ("recipe mine.yaml").

    Raises:
        RecipeError: the text is not YAML, or has data that JSON cannot hold.
    """
    if len(text) > LONGEST:
        raise RecipeError(f"{where} has {len(text):,} characters: settings have at most {LONGEST:,}")
    try:
        content = yaml.load(text, plain_yaml.Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise RecipeError(f"{where} is not YAML{line}: {problem}") from None
    except RecursionError:
        raise RecipeError(f"{where} is nested too deeply") from None
    except ValueError as error:  # a number beyond Python's limit
        raise RecipeError(f"{where} is not YAML that can be read ({error})") from None
    plain.refuse_others(content, where)
    return content


def read_file(path: Path, where: str) -> dict[str, Any]:
    """The settings in a YAML file.

    Args:
        path: the file.
        where: what it is, for the error message ("recipe mine.yaml").

    Raises:
        RecipeError: it cannot be read, is not YAML in UTF-8, or has no keys.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecipeError(f"{where} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise RecipeError(f"{where} is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from None
    content = read(text, where)
    if not isinstance(content, dict):
        raise RecipeError(f"{where}: expected a mapping of keys to values")
    return content


def written(content: object) -> str:
    """Data as YAML, in its order."""
    return str(yaml.dump(content, Dumper=plain_yaml.Dumper, sort_keys=False, allow_unicode=True, width=100))


def parse_change(text: str, option: str = "--set", example: str = "generator.temperature=0.5") -> tuple[str, Any]:
    """`generator.temperature=0.5` as key and value; the value is read as YAML.

    Args:
        text: as it was typed.
        option: behind which it was typed.
        example: a right one.

    Raises:
        RecipeError: the text does not have this form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"{option} {text}: give KEY=VALUE, such as {option} {example}")
    return key.strip(), read(value, f"{option} {key.strip()}")


def change(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a value by its dotted key; missing sections are created.

    An item of a list is named by its number from 0, or by its kind. An only item need not be named, except a scorer.

    Raises:
        RecipeError: a list has no such item.
    """
    *sections, last = key.split(".")
    place: Any = content
    for depth, name in enumerate(sections):
        place, index = _located(place, name, sections[:depth])
        section = place.get(index) if isinstance(place, dict) else place[index]
        if not isinstance(section, dict | list):
            section = place[index] = {}
        place = section
    place, index = _located(place, last, sections)
    place[index] = value


def lay_over(content: dict[str, Any], layer: Mapping[str, Any]) -> None:
    """Put the values of a layer into settings, section by section; a list replaces a list."""
    for key, value in layer.items():
        section = content.get(key)
        if isinstance(section, dict) and isinstance(value, dict):
            lay_over(section, value)
        else:
            content[key] = value


def _located(place: Any, name: str, sections: Sequence[str]) -> tuple[Any, Any]:
    """Where a value is, in a section or in a list: what holds it, and its key or number there."""
    if isinstance(place, dict):
        return place, name
    if name.isdecimal() and int(name) < len(place):
        return place, int(name)
    kinds = [item.get("kind") if isinstance(item, dict) else None for item in place]
    if name in kinds:
        return place, kinds.index(name)
    key = ".".join(sections)
    if len(place) == 1 and isinstance(place[0], dict) and key != "scorers":
        return place[0], name
    remedy = instead(name, [kind or str(number) for number, kind in enumerate(kinds)], f"{key}.")
    if key == "scorers" and name in ScorerConfig.kinds():
        remedy = f"add it with --set 'scorers.{name}={{}}'"
    elif key == "scorers":
        remedy = instead(name, [*ScorerConfig.kinds()], "scorers.")
    raise RecipeError(f"{key}.{name}: {key} has no such item: {remedy}")


def sections(value: Any) -> list[dict[str, Any]]:
    """The sections in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def validated(config: type[C], content: dict[str, Any], where: str, what: str, changed: Collection[str] = ()) -> C:
    """Settings from their content, with the contents of the files that they name.

    Args:
        config: the class of the settings.
        content: the settings as they are written; they are changed.
        where: what the content is, for error messages.
        what: the kind of the settings, as for `mistakes.explain`.
        changed: as for `mistakes.explain`.

    Raises:
        RecipeError: a key or a value is wrong, or a file cannot be read.
    """
    plain.refuse_others(content, where)
    paths.take_in(config, content)
    plain.refuse_others(content, where)
    try:
        # From JSON, strict validation accepts lists as tuples, but not a text as a number.
        settings = config.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise RecipeError(mistakes.explain(error, config, content, what, where, changed)) from None
    plain.refuse_others(settings.model_dump(mode="json"), where)  # with the defaults, which are not validated
    return settings
