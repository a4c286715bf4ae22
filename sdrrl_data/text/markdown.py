"""Texts of unknown origin in Markdown, shown as they are."""

import re
from collections.abc import Sequence


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
