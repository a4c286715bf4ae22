"""The types of settings in words, with an example that is right."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from sdrrl_data.recipe import plain_yaml
from sdrrl_data.recipe.config import Config, key_of
from sdrrl_data.recipe.declared import Declared
from sdrrl_data.recipe.markers import Form
from sdrrl_data.suggestions import closest, listed

STRICT = ConfigDict(strict=True, allow_inf_nan=False)  # as in `Config`
UNIONS = (Union, UnionType)
NO_EXAMPLE = object()
FEW_KEYS = 40  # characters of the keys of a section that are named


def described(value: Any) -> str:
    """A value of the wrong type, for a sentence."""
    if isinstance(value, Mapping):
        return "a section"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return repr(value) if isinstance(value, str) else as_yaml(value)


def wanted(annotation: Any) -> str:
    """The values of a type in words, such as "a whole number above 0"; an empty text if it is not known."""
    annotation, metadata = parts(annotation)
    if form := next((item for item in metadata if isinstance(item, Form)), None):
        return form.says
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in UNIONS:
        phrases = [wanted(argument) for argument in arguments if argument is not type(None)]
        return listed(list(dict.fromkeys(phrases)), "or") if all(phrases) else ""
    if origin is Literal:
        return listed([str(word) for word in arguments], "or")
    if origin in (tuple, list):
        item = get_args(annotation)[0]
        of_what = f" of {item.what}s" if isinstance(item, type) and issubclass(item, Declared) else ""
        return f"a list{of_what}{' that is not empty' if any(isinstance(said, MinLen) for said in metadata) else ''}"
    if origin is dict:
        return "a section"
    if isinstance(annotation, type):
        return _wanted_of_class(annotation, metadata)
    return ""


def example(annotation: Any, default: Any = None, given: Any = None) -> Any:
    """A value that is right, as near as possible to the one that was given; `NO_EXAMPLE` if none is known.

    Args:
        annotation: the type, with its bounds.
        default: the value if nothing is written.
        given: the value that is wrong.
    """
    candidates = [*_repaired(annotation, given), *([] if default in (None, [], {}, ()) else [default])]
    for candidate in (*candidates, *_usual(annotation)):
        if candidate is not None and _is_valid(annotation, candidate):
            return candidate
    return NO_EXAMPLE


def fields_of(section: type[Config]) -> list[tuple[str, FieldInfo]]:
    """The fields of a section by their keys."""
    return [(key_of(name, field), field) for name, field in section.model_fields.items()]


def type_of(field: FieldInfo) -> Any:
    """The type of a field with what is said of it."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def default_of(field: FieldInfo) -> Any:
    """The default of a field, as JSON data; None if there is none."""
    value = None if field.is_required() else field.get_default(call_default_factory=False)
    if isinstance(value, Config):
        return value.model_dump(mode="json", by_alias=True)
    return list(value) if isinstance(value, tuple) else value


def parts(annotation: Any) -> tuple[Any, list[Any]]:
    """A type, and what is said of it."""
    if get_origin(annotation) is not Annotated:
        return annotation, []
    bare, *metadata = get_args(annotation)
    flat = [item for said in metadata for item in (said.metadata if isinstance(said, FieldInfo) else [said])]
    return bare, flat


def as_yaml(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{as_yaml(key)}: {as_yaml(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_yaml, value))}]"
    text = str(yaml.dump(value, Dumper=plain_yaml.Dumper, width=math.inf)).removesuffix("...\n").strip()
    is_plain = isinstance(value, str) and text == value and not {*text} & {*",[]{}"}
    return text if is_plain or not isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wanted_of_class(annotation: type, metadata: list[Any]) -> str:
    if issubclass(annotation, Enum):
        return listed([str(member.value) for member in annotation], "or")
    if issubclass(annotation, Declared):
        return f"a {annotation.what}"
    if issubclass(annotation, Config):
        return f"a section with {listed([key for key, _ in fields_of(annotation)], 'or', FEW_KEYS)}"
    if annotation is bool:
        return "true or false"
    if annotation in (int, float):
        number = "a whole number" if annotation is int else "a number"
        bounds = " and ".join(_bounds(metadata, annotation is int))
        return f"{number} {bounds}" if bounds else number
    return "a text" if annotation is str else ""


def _bounds(metadata: list[Any], whole: bool) -> list[str]:
    """The bounds of a number in words."""
    words = []
    for item in metadata:
        match item:
            case Gt(gt=int(low)) if whole:
                words.append(f"from {low + 1}")
            case Gt(gt=low):
                words.append(f"above {low}")
            case Ge(ge=low):
                words.append(f"from {low}")
            case Lt(lt=high):
                words.append(f"below {high}")
            case Le(le=high):
                words.append(f"up to {high}")
    return words


def _repaired(annotation: Any, given: Any) -> Iterator[Any]:
    """What a wrong value may have meant, if it stands for itself in a list or a section, or is a number as a text."""
    annotation, metadata = parts(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(given, list) and len(given) == 1 and origin not in (tuple, list):
        [given] = given
    if given is None or isinstance(given, Mapping | list) or any(isinstance(item, Form) for item in metadata):
        return
    if origin in UNIONS:
        for argument in arguments:
            yield from _repaired(argument, given)
    elif origin is Literal:
        yield from closest(str(given), [word for word in arguments if isinstance(word, str)], most=1)
    elif origin in (tuple, list):
        words = [word.strip() for word in given.split(",")] if isinstance(given, str) else [given]
        yield [word if _is_valid(arguments[0], word) else next(_repaired(arguments[0], word), word) for word in words]
    elif isinstance(annotation, type):
        yield from _repaired_of_class(annotation, given)


def _repaired_of_class(annotation: type, given: Any) -> Iterator[Any]:
    if issubclass(annotation, Enum):
        yield from closest(str(given), [str(member.value) for member in annotation], most=1)
    elif issubclass(annotation, Declared) and isinstance(given, str):
        yield from ({"kind": word} for word in closest(given, annotation.kinds(), most=1))
    elif issubclass(annotation, Config) and isinstance(given, str):
        yield from ({key: given} for key, field in fields_of(annotation) if _is_valid(type_of(field), given))
    elif annotation is str and not isinstance(given, bool):
        yield as_yaml(given)
    elif annotation is bool:
        yield {"yes": True, "on": True, "no": False, "off": False, "1": True, "0": False}.get(str(given).casefold())
    elif annotation in (int, float):
        number = _number(given)
        yield int(number) if annotation is int and number is not None and number.is_integer() else number


def _number(given: Any) -> float | None:
    """The number in a text such as "0,7" or "5%"."""
    text = str(given).strip().replace(",", ".")
    with suppress(ValueError):
        number = float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
        return number if math.isfinite(number) else None
    return None


def _usual(annotation: Any) -> Iterator[Any]:
    """Values of a type, one of which is within its bounds."""
    annotation, metadata = parts(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if form := next((item for item in metadata if isinstance(item, Form)), None):
        yield form.example
    elif origin in UNIONS:
        for argument in arguments:
            yield from _usual(argument)
    elif origin is Literal:
        yield from arguments
    elif origin in (tuple, list):
        for item in _usual(arguments[0]):
            yield [item]
    elif annotation in (int, float):
        yield from (100, 1, 8) if annotation is int else (0.5, 1.0, 100.0)
    elif isinstance(annotation, type):
        yield from _usual_of_class(annotation)


def _usual_of_class(annotation: type) -> Iterator[Any]:
    if issubclass(annotation, Enum):
        yield from (member.value for member in annotation)
    elif issubclass(annotation, Declared):
        yield from ({"kind": word} for word in annotation.kinds())
    elif issubclass(annotation, Config):
        for key, field in fields_of(annotation):
            value = example(type_of(field), default_of(field))
            if value is not NO_EXAMPLE:
                yield {key: value}


def _is_valid(annotation: Any, value: Any) -> bool:
    """Whether a value is of a type; of a section only the keys that are there are looked at."""
    bare, _ = parts(annotation)
    sections = [bare] if isinstance(bare, type) and issubclass(bare, Config) else []
    sections += [part for part in get_args(bare) if isinstance(part, type) and issubclass(part, Config)]
    for section in sections if get_origin(bare) in (None, Union, UnionType) else []:
        if isinstance(value, dict) and not issubclass(section, Declared):
            fields = dict(fields_of(section))
            return all(key in fields and _is_valid(type_of(fields[key]), item) for key, item in value.items())
    try:
        config = None if sections and len(sections) == 1 and sections[0] is bare else STRICT
        TypeAdapter(annotation, config=config).validate_json(json.dumps(value))
    except (ValidationError, PydanticUserError, TypeError, ValueError):
        return False
    return True
