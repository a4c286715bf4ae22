"""Code and data without a fence: in which line of a paragraph it begins.

Magika, a model that names the language of a file, recognises 53 % of the paragraphs of code in real answers, and takes
0.6 % of the prose for code; this recognises 95 % and takes 0.2 % (of which most is code), in a three-hundredth of the
time: see `benchmarks/unfenced_code.py`.
"""

from collections.abc import Sequence

from sdrrl_data.text.code_shapes import BEGINNING, COMMENT, CONTINUATION, FORMULA, PROMPT
from sdrrl_data.text.data_shapes import is_data

END = 200  # characters at each end of a longer line; the rest says no more, and takes long to match


def code_start(lines: Sequence[str]) -> int | None:
    """The first line of a paragraph from which on it is code or data; None if it is prose.

    A line decides by its shape, if at least half of the lines after it could be code as well; after a command with its
    prompt, they are what it shows.

    Args:
        lines: of one paragraph, with their indentation.
    """
    if is_data(lines):
        return 0
    stripped = [_shortened(line.strip()) for line in lines]
    start = next((number for number, line in enumerate(stripped) if _begins_code(line)), None)
    if start is None:
        return None
    if PROMPT.fullmatch(stripped[start]):
        return start
    following = [line for line in stripped[start + 1 :] if line]
    if 2 * sum(CONTINUATION.fullmatch(line) is not None for line in following) < len(following):
        return None
    while start and COMMENT.fullmatch(stripped[start - 1]):
        start -= 1
    return start


def _begins_code(line: str) -> bool:
    return bool(PROMPT.fullmatch(line)) or (bool(BEGINNING.fullmatch(line)) and not FORMULA.search(line))


def _shortened(line: str) -> str:
    return line if len(line) <= 2 * END else line[:END] + line[-END:]
