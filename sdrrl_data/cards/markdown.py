"""Markdown for cards. Texts from outside are escaped, so that they show as they are."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined

from sdrrl_data.recipe import overrides
from sdrrl_data.shown import escaped, escaped_lines


def line(text: str) -> str:
    """A text as one line of Markdown, escaped so that it shows as it is, also in a cell of a table."""
    return re.sub(r"([\\`*_\[\]<>|&~$])", r"\\\1", escaped(text).strip())


def fence(text: str, language: str = "text") -> str:
    """A text as a block of code that nothing in the text can end."""
    text = "\t".join(map(escaped_lines, text.split("\t")))
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def join_names(names: Sequence[str]) -> str:
    """Names in a sentence, such as "a, b and c"."""
    *others, last = names or [""]
    return f"{', '.join(others)} and {last}" if others else last


@cache
def environment() -> Environment:
    """What renders the templates of cards, with the filters `line`, `fence`, `join_names`, `number` and `yaml`.

    There is one, which compiles each template once.
    """
    jinja = Environment(
        loader=FunctionLoader(lambda name: (files("sdrrl_data.datacards") / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters.update(line=line, fence=fence, join_names=join_names, number="{:,}".format, yaml=_yaml)
    return jinja


def _yaml(content: object) -> str:
    text = overrides.written(content).rstrip()
    # In plain ASCII, YAML has an escape for every character that may not be shown as it is.
    return text if text == escaped_lines(text) else str(yaml.safe_dump(content, sort_keys=False, width=100)).rstrip()
