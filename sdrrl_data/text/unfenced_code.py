"""Code and data without a fence: in which line of a paragraph it begins.

Magika, a model that names the language of a file, recognises 53 % of the paragraphs of code in real answers, and takes
0.6 % of the prose for code; this recognises 95 % and takes 0.2 % (of which most is code), in a three-hundredth of the
time: see `benchmarks/unfenced_code.py`.
"""

import re
from collections.abc import Sequence

from sdrrl_data.text.code_shapes import BEGINNING, COMMENT, CONTINUATION, FORMULA

END = 200  # characters at each end of a longer line; the rest says no more, and takes long to match

# Keys of YAML begin with a small letter: a list such as "Moons:", "- Mars: two" is prose.
_YAML = re.compile(r"(?: *(?:- )?(?:[a-z_./\"'][\w./'\"-]*:(?: +\S.*)?|- ?\S.*)\n)+")
_NESTED = re.compile(r"^(?P<indent> *)(?:- )?[\w./'\"-]+:\n(?P=indent)(?: +\S|- )", re.MULTILINE)
_INI = re.compile(r"(?:\[[\w.-]+\]\n(?:\w[\w.-]* ?= ?.*\n)+)+")
_CSV = re.compile(r"[^,\s][^,]*(?:,[^,\s][^,]*){2,}")


def code_start(lines: Sequence[str]) -> int | None:
    """The first line of a paragraph from which on it is code or data; None if it is prose.

    A line decides by its shape, if at least half of the lines after it could be code as well.

    Args:
        lines: of one paragraph, with their indentation.
    """
    if _is_data(lines):
        return 0
    stripped = [_shortened(line.strip()) for line in lines]
    start = next((number for number, line in enumerate(stripped) if _begins_code(line)), None)
    if start is None:
        return None
    following = [line for line in stripped[start + 1 :] if line]
    if 2 * sum(CONTINUATION.fullmatch(line) is not None for line in following) < len(following):
        return None
    while start and COMMENT.fullmatch(stripped[start - 1]):
        start -= 1
    return start


def _begins_code(line: str) -> bool:
    return BEGINNING.fullmatch(line) is not None and not FORMULA.search(line)


def _is_data(lines: Sequence[str]) -> bool:
    """Whether a paragraph is YAML with nested keys, INI, or CSV of at least two lines."""
    if len(lines) < 2:
        return False
    content = "\n".join([*lines, ""])
    if _INI.fullmatch(content) or (_NESTED.search(content) and _YAML.fullmatch(content)):
        return True
    return len({line.count(",") for line in lines}) == 1 and all(map(_CSV.fullmatch, lines))


def _shortened(line: str) -> str:
    return line if len(line) <= 2 * END else line[:END] + line[-END:]
