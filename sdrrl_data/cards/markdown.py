"""Markdown for cards. Texts from outside are escaped, so that they show as they are."""

import re
from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from sdrrl_data.recipe import overrides


def line(text: str) -> str:
    """A text as one line of Markdown, escaped so that it shows as it is, also in a cell of a table."""
    return re.sub(r"([\\`*_\[\]<>|&~$])", r"\\\1", " ".join(text.split()))


def fence(text: str, language: str = "text") -> str:
    """A text as a block of code that nothing in the text can end."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def join_names(names: Sequence[str]) -> str:
    """Names in a sentence, such as "a, b and c"."""
    *others, last = names or [""]
    return f"{', '.join(others)} and {last}" if others else last


def environment() -> Environment:
    """What renders the templates of cards, with the filters `line`, `fence`, `join_names`, `number` and `yaml`."""
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
    return overrides.written(content).rstrip()
