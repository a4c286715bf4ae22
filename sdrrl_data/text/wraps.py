"""Paragraphs that are wrapped by hand: their lines are joined for translation, and the translation is wrapped again."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.protected import protected

# A line end within a paragraph, a quote or a list item. Two spaces before it would be a line break on purpose.
_LINE_END = re.compile(r"[ \t]?\r?\n[ \t>]*")
_ANY_WRAP = re.compile(r"""[^\s\\][ \t]?\r?\n[ \t>]*(?=[^\W_]|["'“‘«„(\[$<`]|[*_]{1,3}[^\W_])""")
END_OF_SENTENCE = re.compile(r"[.!?…。！？؟।][\"'”’»)\]*_]*\Z")
_NO_WRAP = re.compile(r"[:;：；\\|>][\"'”’»)\]*_]*\Z")  # a list may follow, or it is layout
_NEW_LINE = re.compile(r"\w+(?:[ -]\w+){0,2} ?[:-]\s|\w+://")  # "Answer: ", an address
_MARKS = "\"'“‘«„([*_"
_CODE = ("`", "$", "<")
_LAST_WORD = re.compile(r"\s([^\W\d_]{1,3})\Z")  # "of", "the": hardly the end of an item
_FIRST_WORD = re.compile(r"\S+")
_DENSE = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")
_SPACE = re.compile(r"(?<=\S) (?=\S)")
# Not what would be a list, a heading, a table or code at the start of a line.
_SAFE_START = re.compile(r"(?!\d+[.)])(?!(?:def|func|function|fn|class|const|let|var|import|from)\b)[\w(\"'“‘«„]")

# Characters: of a full line, and of another one, that may be wrapped; of the longest line of filled prose.
FULL, LONG, WIDE = 20, 28, 45


class Wrap(NamedTuple):
    """A line end that was taken out of a text."""

    position: int  # in the joined text
    removed: str
    inserted: str  # a space, or nothing in scripts without spaces


def joined(text: str) -> tuple[str, list[Wrap]]:
    """The text with the lines of its wrapped paragraphs joined, and the line ends that were taken out."""
    if not _ANY_WRAP.search(text):
        return text, []
    pieces: list[str] = []
    wraps: list[Wrap] = []
    end = length = 0
    for wrap_start, wrap_end in _wraps(text):
        inserted = "" if _DENSE.match(text[wrap_start - 1]) and _DENSE.match(text, wrap_end) else " "
        length += wrap_start - end
        wraps.append(Wrap(length, text[wrap_start:wrap_end], inserted))
        pieces += [text[end:wrap_start], inserted]
        length += len(inserted)
        end = wrap_end
    return "".join([*pieces, text[end:]]), wraps


def wrapped_again(pair: TextPair, text: str, wraps: Sequence[Wrap]) -> TextPair:
    """The translation of a joined text, with its line ends.

    A line end between two units comes back where it was; one within a unit comes to the space that is nearest to the
    same share of the translation. It is left out where there is no such space, so that no word is cut.

    Args:
        pair: the joined text and its translation.
        text: the text before it was joined.
        wraps: the line ends that were taken out of it.
    """
    if not wraps:
        return pair
    edits = sorted(_edits(pair, wraps))
    pieces: list[str] = []
    end = 0
    for start, length, line_end in edits:
        pieces += [pair.target[end:start], line_end]
        end = start + length
    source_shifts = _shifts((wrap.position, len(wrap.removed) - len(wrap.inserted)) for wrap in wraps)
    target_shifts = _shifts((start, len(line_end) - length) for start, length, line_end in edits)
    units = [
        Unit(
            _shifted(unit.source_start, source_shifts, True),
            _shifted(unit.source_end, source_shifts, False),
            _shifted(unit.target_start, target_shifts, True),
            _shifted(unit.target_end, target_shifts, False),
        )
        for unit in pair.units
    ]
    return TextPair(text, "".join([*pieces, pair.target[end:]]), units)


def on_one_line(sentence: str) -> str:
    """A sentence without its line ends and the marks of quotes after them."""
    return _LINE_END.sub(" ", sentence) if "\n" in sentence else sentence


def _wraps(text: str) -> Iterator[tuple[int, int]]:
    """The line ends within the wrapped paragraphs of a text: (start, end)."""
    for lines in blocks(text):
        if len(lines) < 2:
            continue
        spans: list[tuple[int, int]] | None = None
        for end, next_start in _Paragraph(text, lines).wraps():
            if spans is None:
                spans = protected(text, lines[0][0], lines[-1][1])
            if not any(span_start < next_start and end < span_end for span_start, span_end in spans):
                yield end, next_start


class _Paragraph:
    """The lines of a paragraph, which may be wrapped prose, or verse, a list without marks, or a poor man's table.

    Prose ends with the mark of a sentence, and goes on with a small letter after most line ends. In a line that is
    full, the first word of the next line would have found no room.
    """

    def __init__(self, text: str, lines: Sequence[tuple[int, int]]) -> None:
        self._text, self._lines = text, lines
        self._width = max(end - start for start, end in lines)
        self._full = [
            end - start + 1 + len(_word(text, next_start)) > self._width
            for (start, end), (next_start, _) in pairwise(lines)
        ]
        self._is_filled = self._width >= WIDE and all(self._full)
        self._ends_a_sentence = bool(END_OF_SENTENCE.search(text[slice(*lines[-1])]))
        self._small = [_is_small(_word(text, start)) for start, _ in lines]

    def wraps(self) -> Iterator[tuple[int, int]]:
        """The line ends at which a sentence goes on, or, in filled prose, may go on."""
        for number, ((start, end), (next_start, _)) in enumerate(pairwise(self._lines)):
            line = self._text[start:end]
            if (
                _LINE_END.fullmatch(self._text, end, next_start)
                and not _NO_WRAP.search(line)
                and not _NEW_LINE.match(self._text, next_start)
                and self._is_wrap(number, line)
            ):
                yield end, next_start

    def _is_wrap(self, number: int, line: str) -> bool:
        is_full = self._full[number]
        if END_OF_SENTENCE.search(line):  # or it was an abbreviation
            return self._is_filled and len(self._lines) > 2 and any(self._small[1:])
        if self._small[number + 1]:
            return self._is_filled or (self._ends_a_sentence and len(line) >= (FULL if is_full else LONG))
        word = _word(self._text, self._lines[number + 1][0]).lstrip(_MARKS)
        if word[:1].isalpha() and word[:1].lower() == word[:1].upper():  # a script without case
            return self._ends_a_sentence and is_full and len(line) >= (FULL if _DENSE.match(word) else LONG)
        if any(self._small[1:]):
            return self._is_filled
        last_word = _LAST_WORD.search(line)
        is_dangling = last_word and last_word[1].islower() and len(line) >= FULL
        return bool(is_dangling and is_full and self._ends_a_sentence and len(self._lines) == 2)


def _is_small(word: str) -> bool:
    """Whether a word begins with a small letter, or is code, which may stand anywhere in a sentence."""
    return word.lstrip(_MARKS)[:1].islower() or word.startswith(_CODE)


def _word(text: str, start: int) -> str:
    word = _FIRST_WORD.match(text, start)
    return word[0] if word else ""


def _edits(pair: TextPair, wraps: Sequence[Wrap]) -> Iterator[tuple[int, int, str]]:
    """Where a line end comes into the target, the length of what it replaces there, and the line end."""
    ends = [unit.source_end for unit in pair.units]
    last_end = -1  # of the last space that became a line end
    for wrap in wraps:
        number = bisect_left(ends, wrap.position + 1)
        unit = pair.units[number] if number < len(pair.units) else None
        if unit is None or wrap.position <= unit.source_start:
            before = pair.units[number - 1] if number else Unit(0, 0, 0, 0)
            position = before.target_end + wrap.position - before.source_end
            yield position, len(wrap.inserted), wrap.removed
            continue
        source = pair.source[unit.source_start : unit.source_end]
        target = pair.target[unit.target_start : unit.target_end]
        if source == target:
            yield unit.target_start + wrap.position - unit.source_start, len(wrap.inserted), wrap.removed
            continue
        wanted = unit.target_start + (wrap.position - unit.source_start) * len(target) // len(source)
        spaces = [space for space in _spaces(pair.target, unit) if space > last_end]
        if spaces:
            last_end = min(spaces, key=lambda space: abs(space - wanted))
            yield last_end, 1, wrap.removed


def _spaces(text: str, unit: Unit) -> list[int]:
    """The spaces of a unit's translation that may become a line end."""
    spans = protected(text, unit.target_start, unit.target_end)
    return [
        match.start()
        for match in _SPACE.finditer(text, unit.target_start + 1, unit.target_end)
        if _SAFE_START.match(text, match.end()) and not any(start <= match.start() < end for start, end in spans)
    ]


def _shifts(changes: Iterator[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The positions of changes, and how far what follows each of them is shifted."""
    positions: list[int] = []
    shifts = [0]
    for position, change in changes:
        positions.append(position)
        shifts.append(shifts[-1] + change)
    return positions, shifts


def _shifted(position: int, shifts: tuple[list[int], list[int]], is_start: bool) -> int:
    positions, sums = shifts
    return position + sums[bisect_left(positions, position + is_start)]
