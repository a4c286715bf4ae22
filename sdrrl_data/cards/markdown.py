"""Cards in Markdown, and texts of unknown origin in them, shown as they are."""

import re
from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from sdrrl_data.recipe import overrides


def line(text: str) -> str:
    """A text as one line of Markdown that shows it as it is, in a cell of a table too."""
    return re.sub(r"([\\`*_\[\]<>|&~$])", r"\\\1", " ".join(text.split()))


def fence(text: str, language: str = "text") -> str:
    """A text as a block of code that nothing in it can end."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    *others, last = names or [""]
    return f"{', '.join(others)} and {last}" if others else last


def environment() -> Environment:
    """What renders the templates of cards, with the filters `line`, `fence`, `listed`, `number` and `yaml`."""
    made = Environment(
        loader=FunctionLoader(lambda name: (files("sdrrl_data.datacards") / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(line=line, fence=fence, listed=listed, number="{:,}".format, yaml=_yaml)
    return made


def _yaml(content: object) -> str:
    return overrides.written(content).rstrip()
