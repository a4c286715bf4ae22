"""How what is protected within a sentence goes through a translator: as markers, which are looked for afterwards.

A word becomes "X0", and what two marks enclose stands in brackets: "Run X0 or read [the manual]." Of several pairs of
brackets each has a number, since a translator may change their order: "[0 Click] or [1 press enter]."
"""

import re
from collections.abc import Sequence
from itertools import count, product, repeat

from sdrrl_data.text.paired_marks import between, joins
from sdrrl_data.text.protected import Role, Span
from sdrrl_data.text.segments import Segment

# First those that are seldom a word, or begin one.
_LETTERS = "XQZKWVJYHGBFDPCMRUNLTSOAEI"


def marked(text: str, segment: Segment) -> str:
    """The segment as a translator is sent it: a marker instead of each span that is to be kept."""
    if not segment.kept:
        return text[segment.start : segment.end]
    return _interleaved(between(text, *segment), _markers(text, segment))


def restored(translation: str, text: str, segment: Segment) -> str | None:
    """A translation of what `marked` gave, with the spans instead of their markers.

    None where a marker is missing, doubled, out of order or stuck to a word, and where anything that looks like one is
    left over: whatever the translator did, the spans come back whole and in order, or not at all.
    """
    if not segment.kept:
        return translation
    letter = _letter(text, segment)
    brackets = ("", r"|\[|\]", r"|\[[0-9]*[ ]?|\]")[min(_count(segment, "opening"), 2)]
    # The numbers that were given, the longest first: a digit that follows a marker is no part of it.
    numbers = "|".join(map(str, reversed(range(_count(segment, "word"))))) or "[0-9]+"
    marker = re.compile(rf"{letter}(?:{numbers}){brackets}")
    markers = [match.strip() for match in marker.findall(translation)]
    if markers != [marker_of_source.strip() for marker_of_source in _markers(text, segment)]:
        return None
    pieces = marker.split(translation)
    mangled = re.compile(rf"(?<![^\W\d_])(?:{letter}(?![^\W\d_])|{letter.lower()}[ ]?\d)")
    if _count(segment, "word") and any(map(mangled.search, pieces)):
        return None
    sources = between(text, *segment)
    for number, span in enumerate(segment.kept):
        if span.role == "opening" and not sources[number + 1].startswith(" "):
            pieces[number + 1] = pieces[number + 1].lstrip()
        if span.role == "closing" and not sources[number].endswith(" "):
            pieces[number] = pieces[number].rstrip()
    if _are_stuck(pieces, sources, segment.kept):
        return None
    return _interleaved(pieces, [text[span.start : span.end] for span in segment.kept])


def _are_stuck(pieces: list[str], sources: list[str], paired: Sequence[Span]) -> bool:
    """Whether a span would be stuck to a word, as it was not in the source, or a pair would hold nothing."""
    for number, span in enumerate(paired):
        before, after = pieces[number], pieces[number + 1]
        if span.role != "closing" and _sticks(before[-1:]) and not _sticks(sources[number][-1:]):
            return True
        if span.role != "opening" and _sticks(after[:1]) and not _sticks(sources[number + 1][:1]):
            return True
        if span.role == "opening" and paired[number + 1].role == "closing" and not re.search(r"\w", after):
            return True
    return False


def _markers(text: str, segment: Segment) -> list[str]:
    letter = _letter(text, segment)
    openings = map("[{} ".format, count()) if _count(segment, "opening") > 1 else repeat("[")
    words = (f"{letter}{number}" for number in count())
    makers = {"word": words, "opening": openings, "closing": repeat("]")}
    return [next(makers[span.role]) for span in segment.kept]


def _count(segment: Segment, role: Role) -> int:
    return sum(span.role == role for span in segment.kept)


def _letter(text: str, segment: Segment) -> str:
    """One that does not occur in the sentence, or several."""
    prose = " ".join(between(text, *segment))
    letters = ("".join(letter) for length in (1, 2, 3) for letter in product(_LETTERS, repeat=length))
    return next(letter for letter in letters if letter not in prose)


def _interleaved(pieces: list[str], others: list[str]) -> str:
    return pieces[0] + "".join(other + piece for other, piece in zip(others, pieces[1:], strict=True))


def _sticks(char: str) -> bool:
    """Whether what stands at this character would become part of the word."""
    return char == "_" or joins(char)
