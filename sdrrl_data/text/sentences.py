"""Where sentences end, and where a sentence that is too long is cut."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from sdrrl_data.text.abbreviations import abbreviations_of, goes_on
from sdrrl_data.text.paired_marks import is_left_out
from sdrrl_data.text.protected import Span
from sdrrl_data.text.words import offsets

OPENING_BRACKETS = "([{<（［｛「『【《〈"
_LINE_ENDS = "\n\r\x85\u2028\u2029"
_CLAUSE_END = re.compile(r"[,;:.!?)\]–—،؛۔।]\s|[，；：、。！？]")
_SPACE = re.compile(r"\s")

_MARKER = 3  # characters of a marker, without its number


def sentence_spans(text: str, stretches: Sequence[tuple[int, int]], language: str) -> Iterator[tuple[int, int]]:
    """The sentences of these stretches of `text` as ICU finds them, corrected where ICU ends a sentence too early."""
    from icu4py.breakers import SentenceBreaker

    abbreviations = abbreviations_of(language)
    # All stretches at once: a new breaker takes as long as several sentences. ICU ends a sentence at each line end.
    lines = "".join(f"{text[start:end]}\n" for start, end in stretches)
    lengths = map(len, SentenceBreaker(lines, language))
    for start, end in stretches:
        boundary = start
        while (boundary := boundary + next(lengths)) <= end:
            is_line_end = text[boundary - 1] in _LINE_ENDS
            if boundary == end or (not is_line_end and goes_on(text, start, boundary, abbreviations)):
                continue
            cut = boundary
            while cut > start and text[cut - 1] in OPENING_BRACKETS:
                cut -= 1  # ICU leaves the bracket with the sentence before
            yield start, cut
            start = cut
        yield start, end


def pieces(
    text: str, masked: str, start: int, end: int, spans: Sequence[Span], limit: int, language: str
) -> Iterator[tuple[int, int]]:
    """`text[start:end]` in pieces of at most `limit` characters; no piece begins or ends within one of `spans`.

    Each span counts as long as its marker, since that is sent to the translator; the marks of emphasis, which are not,
    count nothing. A marker longer than the limit is a piece by itself.

    Args:
        text: to cut.
        masked: the text with masks instead of its spans.
        start: of what is cut.
        end: of what is cut.
        spans: of the text.
        limit: in characters.
        language: of the text, as a BCP 47 tag.
    """
    while (reach := _reach(text, start, end, spans, limit)) < end:
        cut = _last_break(masked, start, reach, language)
        around = bisect_left(spans, cut, key=lambda span: span.end)
        if around < len(spans) and spans[around].start < cut < spans[around].end:
            cut = spans[around].start if spans[around].start > start else spans[around].end
        yield start, cut
        start = cut
    yield start, end


def _reach(text: str, start: int, end: int, spans: Sequence[Span], limit: int) -> int:
    """The end of the longest piece that may begin at `start`."""
    if not spans:
        return min(start + limit, end)
    room = limit
    position = start
    first = bisect_left(spans, start, key=lambda span: span.start)
    for number in range(first, len(spans)):
        span = spans[number]
        if span.start >= min(position + room, end):
            break
        room -= span.start - position
        room -= 0 if is_left_out(text, span) else _MARKER + len(str(number - first))
        if room < 0:
            return span.start if span.start > start else span.end
        position = span.end
    return min(position + room, end)


def _last_break(text: str, start: int, end: int, language: str) -> int:
    """Where to cut a sentence from `start` to beyond `end`: at the last clause end, else space, else word boundary."""
    from icu4py.breakers import CharacterBreaker, WordBreaker

    for pattern in (_CLAUSE_END, _SPACE):
        cuts = [match.end() for match in pattern.finditer(text, (start + end) // 2, end)]
        if cuts:
            return cuts[-1]
    for breaker in (WordBreaker, CharacterBreaker):
        cuts = [start + length for length, _ in offsets(breaker(text[start:end], language))]
        if len(cuts) > 1:
            return cuts[-1]
    return end
