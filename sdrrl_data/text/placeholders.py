"""How the protected spans of a sentence go through a translator: as markers, which are replaced afterwards.

A word becomes "X0", and a pair of marks becomes brackets: "Run X0 or read [the manual]." If there are several pairs,
each has a number, since a translator may change their order: "[0 Click] or [1 press enter]."
"""

import re
from collections.abc import Sequence
from itertools import count, product, repeat

from sdrrl_data.text.entities import decoded, encoded
from sdrrl_data.text.equivalents import readable, with_dashes
from sdrrl_data.text.paired_marks import between, continues_word
from sdrrl_data.text.protected import Role, Span
from sdrrl_data.text.segments import Segment

_MARKS_BEFORE_CITATION = ",.;:!?\"')”’"
# The letters that are seldom a word, or the start of a word, come first.
_LETTERS = "XQZKWVJYHGBFDPCMRUNLTSOAEI"


def marked(text: str, segment: Segment, characters: frozenset[str] | None = None) -> str:
    """The segment as it is sent to a translator, with a marker instead of each of its spans.

    Args:
        text: has the segment.
        segment: of the text.
        characters: that the translator has; None if they are not known.
    """
    if not segment.spans:
        return readable(text[segment.start : segment.end], characters)
    pieces = [readable(piece, characters) for piece in between(text, *segment)]
    for number in _after_words(text, segment):
        pieces[number] += " "
    return _interleaved(pieces, _markers(text, segment))


def restored(
    translation: str,
    text: str,
    segment: Segment,
    slots: Sequence[str] = (),
    characters: frozenset[str] | None = None,
) -> str | None:
    """A translation of a marked segment, with the spans instead of their markers.

    None if a marker is missing, doubled, out of order or stuck to a word, or if anything that looks like a marker is
    left over: the spans come back complete and in order, or not at all.

    Args:
        translation: of the marked segment.
        text: has the segment.
        segment: of the text.
        slots: what comes instead of each slot of the segment; by default, the slot itself.
        characters: that the translator has; None if they are not known.
    """
    if not segment.spans:
        source = text[segment.start : segment.end]
        return encoded(with_dashes(translation, source, characters), source)
    sources = between(text, *segment)
    prose = " ".join(sources)
    letter = _letter(text, segment)
    brackets = ("", r"|\[|\]", r"|\[[0-9]*[ ]?|\]")[min(_count(segment, "opening"), 2)]
    # The numbers of the markers, the longest first: a digit that follows a marker is not part of it.
    numbers = "|".join(map(str, reversed(range(_count(segment, "word", "slot"))))) or "[0-9]+"
    marker = re.compile(rf"{letter}(?:{numbers}){brackets}")
    markers = [match.strip() for match in marker.findall(translation)]
    if markers != [marker_of_source.strip() for marker_of_source in _markers(text, segment)]:
        return None
    pieces = marker.split(translation)
    mangled = re.compile(rf"(?<![^\W\d_])(?:{letter}(?![^\W\d_])|{letter.lower()}[ ]?\d)")
    if _count(segment, "word", "slot") and any(map(mangled.search, pieces)):
        return None
    for number in _after_words(text, segment):
        before = pieces[number].rstrip()
        if _sticks(sources[number][-1]) or not _sticks(before[-1:]):
            pieces[number] = before
    for number, span in enumerate(segment.spans):
        if span.role == "opening" and not sources[number + 1].startswith(" "):
            pieces[number + 1] = pieces[number + 1].lstrip()
        if span.role == "closing" and not sources[number].endswith(" "):
            pieces[number] = pieces[number].rstrip()
    if _are_misplaced(pieces, sources, segment.spans):
        return None
    with_marks = (with_dashes(*pair, characters) for pair in zip(pieces, sources, strict=True))
    pieces = [encoded(piece, prose) for piece in with_marks]
    fillings = iter(slots)
    return _interleaved(
        pieces,
        [next(fillings) if slots and span.role == "slot" else text[span.start : span.end] for span in segment.spans],
    )


def _are_misplaced(pieces: list[str], sources: list[str], spans: Sequence[Span]) -> bool:
    """Whether a span would be stuck to a word, although it was not in the source, or a pair would enclose nothing."""
    for number, span in enumerate(spans):
        before, after = pieces[number], pieces[number + 1]
        if span.role != "closing" and _sticks(before[-1:]) and not _sticks(sources[number][-1:]):
            return True
        if span.role != "opening" and _sticks(after[:1]) and not _sticks(sources[number + 1][:1]):
            return True
        if span.role == "opening" and spans[number + 1].role == "closing" and not re.search(r"\w", after):
            return True
    return False


def _after_words(text: str, segment: Segment) -> list[int]:
    """The numbers of the pieces after which a span follows a word without a space, as in "the census[8]".

    Such a span is sent with a space before it; so is a citation after a mark, as in "the census,[8]".
    """
    numbers = []
    for number, span in enumerate(segment.spans):
        before = text[span.start - 1] if span.start > segment.start else ""
        if span.role in ("word", "slot") and before and _is_tied(before, text[span.start]):
            numbers.append(number)
    return numbers


def _is_tied(before: str, first: str) -> bool:
    return _sticks(before) or (first == "[" and before in _MARKS_BEFORE_CITATION)


def _markers(text: str, segment: Segment) -> list[str]:
    letter = _letter(text, segment)
    openings = map("[{} ".format, count()) if _count(segment, "opening") > 1 else repeat("[")
    words = (f"{letter}{number}" for number in count())
    markers = {"word": words, "slot": words, "opening": openings, "closing": repeat("]")}
    return [next(markers[span.role]) for span in segment.spans]


def _count(segment: Segment, *roles: Role) -> int:
    return sum(span.role in roles for span in segment.spans)


def _letter(text: str, segment: Segment) -> str:
    """A letter that does not occur in the sentence, or several letters."""
    prose = decoded(" ".join(between(text, *segment)))
    letters = ("".join(letter) for length in (1, 2, 3) for letter in product(_LETTERS, repeat=length))
    return next(letter for letter in letters if letter not in prose)


def _interleaved(pieces: list[str], separators: list[str]) -> str:
    return pieces[0] + "".join(separator + piece for separator, piece in zip(separators, pieces[1:], strict=True))


def _sticks(char: str) -> bool:
    """Whether a span next to this character would become part of a word."""
    return char == "_" or continues_word(char)
