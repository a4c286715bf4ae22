"""The pages of settings, from the pydantic models: each key with its type, default, an example and its comment."""

import ast
import inspect
import tokenize
import types
from collections.abc import Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sdrrl_data.recipe import GeneratorConfig, Recipe
from sdrrl_data.recipe.components import AlignerConfig, ScorerConfig, TranslatorConfig
from sdrrl_data.recipe.config import Config, key_of
from sdrrl_data.recipe.targets import TargetConfig
from sdrrl_data.training.settings import TrainingConfig

RECIPES = Path(__file__).parents[1] / "recipes"
PAGES_OF_KINDS: dict[type[Config], str] = {
    TranslatorConfig: "[translators](translators.md)",
    ScorerConfig: "[scorers](scorers.md)",
    AlignerConfig: "[aligners](aligners.md)",
}


def recipe() -> str:
    """The page of a recipe's keys."""
    examples = yaml.safe_load((RECIPES / "quickstart.yaml").read_text(encoding="utf-8"))
    return "\n".join(
        [
            "# Every key of a recipe",
            "",
            "A key in a section is written with dots on the command line: `--set generator.max_tokens=512`. The",
            "examples are those of the recipe `quickstart`, as `sdrrl-data recipes quickstart` shows it.",
            "",
            *_sections(Recipe, "", examples, {GeneratorConfig: "generator"}),
        ]
    )


def training() -> str:
    """The page of the keys of a training."""
    return "\n".join(
        [
            "# Every key of a training",
            "",
            "In the file of `sdrrl-data train --settings FILE`, or as `--set key=value`.",
            "",
            *_sections(TrainingConfig, "", {}, {}),
        ]
    )


def table(
    config: type[Config], prefix: str = "", examples: Any = None, without: frozenset[str] = frozenset()
) -> list[str]:
    """The lines of a table with the fields of a section."""
    has_examples = bool(examples)
    head = "| key | value | default |" + (" example |" if has_examples else "") + " meaning |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    comments = comments_of(config)
    for name, field in config.model_fields.items():
        key = key_of(name, field)
        if key in without:
            continue
        cells = [f"`{prefix}{key}`", _type(field.annotation), _default(field)]
        if has_examples:
            cells.append(_example(examples, key))
        lines.append("| " + " | ".join([*cells, comments.get(name, "")]).replace("\n", " ") + " |")
    return [*lines, ""]


def _sections(config: type[Config], prefix: str, examples: Any, once: Mapping[type[Config], str]) -> Iterator[str]:
    """A table of a section, and one of each section within it; sections of a class in `once` only under that key."""
    yield from ([f"## `{prefix.rstrip('.')}`", ""] if prefix else [])
    yield from [_paragraph(config), ""]
    yield from table(config, prefix, examples)
    for name, field in config.model_fields.items():
        key = key_of(name, field)
        for section in _configs(field.annotation):
            if once.get(section, key) != key:
                yield f"## `{prefix}{key}`\n\nThe same keys as `{once[section]}`.\n"
            elif (
                section not in PAGES_OF_KINDS and section is not TargetConfig
            ):  # whose sections are those of the recipe
                inner = examples.get(key) if isinstance(examples, Mapping) else None
                place = {dict: "NAME.", tuple: "0."}.get(_container(field.annotation), "")
                is_example = section is _configs(field.annotation)[0]
                yield from _sections(section, f"{prefix}{key}.{place}", _first(inner) if is_example else None, once)


def _paragraph(config: type[Config]) -> str:
    return " ".join((inspect.getdoc(config) or "").split("\n\n")[0].split())


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _container(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _container(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return next((kind for part in get_args(annotation) if (kind := _container(part))), None)
    return origin if origin in (dict, tuple) else None


def _configs(annotation: Any) -> list[type[Config]]:
    """The sections that a value may be."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return [annotation]
    if get_origin(annotation) is Literal:
        return []
    return list(dict.fromkeys(config for part in get_args(annotation) for config in _configs(part)))


def _type(annotation: Any) -> str:
    """What may be written, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(part) for part in arguments))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"{_type(arguments[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return PAGES_OF_KINDS.get(annotation, "section")
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        type(None): "`null`",
        Any: "anything",
    }
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    default = field.get_default(call_default_factory=True)
    return "" if default is PydanticUndefined or isinstance(default, Config) else _code(_plain(default))


def _plain(value: Any) -> Any:
    if isinstance(value, Config):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _example(examples: Any, key: str) -> str:
    value = examples.get(key) if isinstance(examples, Mapping) else None
    if value is None or isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        return ""
    return _code(value)


def _code(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).strip()
    return f"`{text.removesuffix('...').strip()}`".replace("|", "\\|")


@cache
def comments_of(config: type[Config]) -> dict[str, str]:
    """What the comments in the source say of each field: behind it, within it, or in the lines above it."""
    comments: dict[str, str] = {}
    for parent in reversed(
        [parent for parent in config.__mro__ if issubclass(parent, Config) and parent is not Config]
    ):
        comments |= {name: words for name, words in _comments_in(inspect.getsource(parent)).items() if words}
    return comments


def _comments_in(source: str) -> dict[str, str]:
    source = inspect.cleandoc("\n" + source) if source[:1].isspace() else source
    found = {
        token.start[0]: (token.string.lstrip("# "), token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    comments = {}
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above = node.lineno - 1
            while above in found and found[above][1]:
                above -= 1
            lines = range(above + 1, (node.end_lineno or node.lineno) + 1)
            words = " ".join(found[line][0] for line in lines if line in found)
            comments[node.target.id] = words[:1].upper() + words[1:]
    return comments
