"""A commented recipe to start one's own from: one of the package's, with what a user has said in its place."""

import json
import re
from collections.abc import Sequence
from typing import Any

from sdrrl_data.recipe import loading

BASE = "sdrrl"
_PLAIN = re.compile(r"[A-Za-z0-9_./][\w./-]*")  # what YAML reads as this text, if it is no other value in YAML


def recipe(
    name: str,
    src: str,
    tgt: Sequence[str],
    seeds: str | None = None,
    model: str | None = None,
    translator: str | None = None,
    comet: bool = True,
    base: str = BASE,
    question: str | None = None,
) -> str:
    """The recipe as YAML.

    Args:
        name: of the recipe.
        src: tag of the source language.
        tgt: tags of the targets.
        seeds: a file, a dataset of the Hub, or "magpie"; None for those of the base.
        model: that answers; None for that of the base.
        translator: a kind, such as "firefox"; None for that of the base.
        comet: whether COMET judges, too, which takes long without a GPU.
        base: the recipe of the package that is changed.
        question: the column of the seeds that holds the question; None: one with a usual name.

    Raises:
        RecipeError: there is no such base.
    """
    text = loading.text(base)
    text = _section(text, "name", f"name: {_scalar(name)}\n")
    text = _section(text, "description", f"description: {_scalar(f'Made from the recipe {base} by sdrrl-data init')}\n")
    text = _section(text, "src", f"src: {_scalar(src)}\n")
    text = _section(text, "tgt", f"tgt: [{', '.join(map(_scalar, tgt))}]\n")
    if seeds is not None:
        fields = f"  fields:\n    question: {_scalar(question)}\n" if question else ""
        text = _section(text, "seeds", f"seeds:\n  source: {_scalar(seeds)}\n{fields}")
    if model is not None:
        text = _value(text, "generator", "model", model)
    if translator is not None:
        text = _section(text, "translator", f"translator: {_scalar(translator)}\n")
    if not comet:
        text = re.sub(r"^(  - \{ kind: comet,|  comet: \{)", r"  # \g<0>", text, flags=re.MULTILINE).replace(
            "  #   ", "  # "
        )
    if src != "en":
        text = _section(text, "parallel", "parallel: null # the corpus of the recipe has pairs of English alone\n")
    return text


def _section(text: str, key: str, replacement: str) -> str:
    """The text with another section of this key, which goes up to the next line that is not indented."""
    changed, number = re.subn(rf"^{key}:.*\n(?:[ ].*\n)*", lambda _: replacement, text, count=1, flags=re.MULTILINE)
    if not number:
        raise KeyError(key)
    return changed


def _value(text: str, section: str, key: str, value: str) -> str:
    """The text with another value of a key in a section."""
    pattern = rf"(^{section}:\n(?:[ ].*\n)*?  {key}: )\S+"
    changed, number = re.subn(pattern, lambda match: match[1] + _scalar(value), text, count=1, flags=re.MULTILINE)
    if not number:
        raise KeyError(f"{section}.{key}")
    return changed


def _scalar(value: Any) -> str:
    """A text as YAML."""
    import yaml

    plain = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)
