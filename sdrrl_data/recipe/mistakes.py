"""Mistakes in settings, each in one sentence: what stands there, what is wanted, and an example that is right."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import ValidationError

from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.declared import Declared
from sdrrl_data.recipe.types_in_words import (
    NO_EXAMPLE,
    UNIONS,
    as_yaml,
    default_of,
    described,
    example,
    fields_of,
    parts,
    type_of,
    wanted,
)
from sdrrl_data.suggestions import closest, instead


class _Place(NamedTuple):
    """Where a mistake is."""

    steps: tuple[str, ...]  # of its key, as a user writes them
    wanted: Any  # the type of the value, with its bounds; Any if it is not known
    default: Any  # as JSON data; None if there is none
    sections: list[type[Config]]  # the classes that the section with the key may have; empty if they are not known


def explain(
    error: ValidationError,
    config: type[Config],
    content: Any,
    what: str,
    where: str = "",
    changed: Collection[str] = (),
    key: str = "",
) -> str:
    """The first mistake in one sentence.

    Args:
        error: pydantic's errors.
        config: the class of the settings.
        content: the settings that were validated.
        what: their kind ("a recipe").
        where: their source ("recipe mine.yaml").
        changed: the dotted keys that the user changed with `--set`. A mistake there is not one of the source.
        key: the dotted key of the settings, if they are a section of others.
    """
    mistakes = error.errors(include_url=False)
    first = _telling(mistakes)
    place = _place(config, content, first["loc"], key)
    elsewhere = {_place(config, content, other["loc"], key).steps for other in mistakes}
    more = sum(steps != place.steps[: len(steps)] for steps in elsewhere)  # others follow from the first one
    section = place.steps[:-1] if first["type"] == "missing" else place.steps
    by_set = any(_is_within(section, change) for change in changed)
    source = f"{where}: " if where and not by_set else ""
    also = f" (and {more} more {'mistake' if more == 1 else 'mistakes'})" if more else ""
    return f"{source}{_sentence(first, place, config, what, by_set)}{also}"


def _telling(mistakes: Sequence[Any]) -> Any:
    """The first mistake; or, if a key is missing, the mistyped one in its place."""
    first = mistakes[0]
    mistyped = [m for m in mistakes if m["type"] == "extra_forbidden" and m["loc"][:-1] == first["loc"][:-1]]
    return mistyped[0] if first["type"] == "missing" and mistyped else first


def _sentence(mistake: Mapping[str, Any], place: _Place, config: type[Config], what: str, by_set: bool) -> str:
    key = ".".join(place.steps)
    if mistake["type"] == "extra_forbidden":
        return f"{key} is not a key of {what}: {_key_instead(place, config)}"
    if mistake["type"] == "value_error":
        sentence = str(mistake["ctx"]["error"])
        return sentence if key in sentence else f"{key}: {sentence}"
    if not (phrase := wanted(place.wanted)):  # a class of the user's, with a type of its own
        return f"{key} is {described(mistake['input'])}: {mistake['msg'][0].lower()}{mistake['msg'][1:]}"
    given = mistake["input"]
    right = example(place.wanted, place.default, given)
    such_as = "" if right is NO_EXAMPLE else f", such as {_written(place.steps, right, by_set)}"
    return f"{key} is {'missing' if mistake['type'] == 'missing' else described(given)}: give {phrase}{such_as}"


def _place(config: type[Config], content: Any, location: Iterable[Any], key: str) -> _Place:
    """Where pydantic found a mistake. Its names for the members of a union are no keys, and are left out."""
    steps = [key] if key else []
    annotation, value, default = config, content, None
    sections: list[type[Config]] = [config]
    for step in location:
        inside = next(iter(_inside(annotation, value, step)), None)
        if inside is None:
            continue
        name, annotation, default, sections = inside
        value = _item(value, step)
        steps += [] if name is None else [name]
    return _Place(tuple(steps), annotation, default, sections)


def _inside(annotation: Any, value: Any, step: Any) -> Iterator[tuple[str | None, Any, Any, list[type[Config]]]]:
    """The name, the type and the default of one entry of a value, and the classes of the section that it is in."""
    annotation, _ = parts(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in UNIONS:
        for argument in arguments:
            yield from _inside(argument, value, step)
    elif origin is tuple and isinstance(step, int):
        yield _name_of_item(value, step, arguments[0]), arguments[0], None, []
    elif origin is dict and isinstance(value, Mapping) and step in value:
        yield str(step), arguments[1], None, []
    elif isinstance(annotation, type) and issubclass(annotation, Config) and isinstance(step, str):
        sections = _classes(annotation, value)
        if step == "kind" and len(sections) > 1 and issubclass(annotation, Declared):
            yield step, Literal[tuple(annotation.kinds())], None, sections
            return
        for section in sections:
            if field := dict(fields_of(section)).get(step):
                yield step, type_of(field), default_of(field), sections
                return
        if isinstance(value, Mapping) and step in value:
            yield step, Any, None, sections


def _name_of_item(items: Any, number: int, annotation: Any) -> str | None:
    """How an item of a list is named in a key: by its kind or number; None for the only one, which needs no name."""
    kinds = [_item(item, "kind") for item in items]
    if isinstance(kind := kinds[number], str) and kind.isidentifier() and kinds.count(kind) == 1:
        return kind
    is_section = (
        isinstance(annotation, type) and issubclass(annotation, Config) and not issubclass(annotation, Declared)
    )
    return None if is_section and len(kinds) == 1 else str(number)


def _item(value: Any, step: Any) -> Any:
    if isinstance(value, Config):
        return getattr(value, step, None)
    try:
        return value[step]
    except (TypeError, LookupError):
        return None


def _classes(annotation: type[Config], value: Any) -> list[type[Config]]:
    if isinstance(value, Config):
        return [type(value)]
    return annotation.read_as(value if isinstance(value, Mapping) else {})


def _key_instead(place: _Place, config: type[Config]) -> str:
    """The key that is meant: one of its section, or else one of this name in another section."""
    *before, name = place.steps
    keys = list(dict.fromkeys(key for section in place.sections for key, _ in fields_of(section)))
    if not closest(name, keys):
        elsewhere = {key.rpartition(".")[2]: key for key in reversed([*_all_keys(config)])}
        if similar := closest(name, elsewhere, cutoff=0.8):
            return f"did you mean {elsewhere[similar[0]]}?"
    return instead(name, keys, "".join(f"{step}." for step in before))


def _all_keys(config: type[Config], prefix: str = "") -> Iterator[str]:
    """The dotted keys of all sections that stand by themselves."""
    for key, field in fields_of(config):
        yield prefix + key
        bare, _ = parts(type_of(field))
        for part in (bare, *(get_args(bare) if get_origin(bare) in UNIONS else ())):
            if isinstance(part, type) and issubclass(part, Config):
                yield from _all_keys(part, f"{prefix}{key}.")


def _is_within(steps: tuple[str, ...], change: str) -> bool:
    """Whether a mistake is in what a change has changed, or around it. A change need not name the items of lists."""
    changed = change.split(".")
    return {*changed} <= {*steps} or all(one == other for one, other in zip(steps, changed, strict=False))


def _written(steps: tuple[str, ...], value: Any, by_set: bool) -> str:
    """A right value as it is typed behind `--set`, or written in YAML."""
    if not by_set:
        return f"`{steps[-1]}: {as_yaml(value)}`"
    while isinstance(value, dict) and len(value) == 1:
        [(key, value)] = value.items()
        steps = (*steps, key)
    return "--set " + shlex.quote(f"{'.'.join(steps)}={as_yaml(value)}")
