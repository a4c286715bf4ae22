"""Which parts of a Markdown text are sentences to translate; all the rest is layout, or protected."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sdrrl_data.text.layout import blocks
from sdrrl_data.text.protected import protected
from sdrrl_data.text.words import offsets

_OPENING_BRACKETS = "([{<（［｛「『【《〈"
_LINE_ENDS = "\n\r\x85\u2028\u2029"
# ICU ends a sentence after each of these when a capital or a number follows.
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Det|Mt|vs?|cf|lit|e\.g|i\.e)\.\s*\Z"
)
_ABBREVIATION_BEFORE_NUMBER = re.compile(
    r"\b(?:No|Nos|Nr|Figs?|Eq|Vol|Ch|Sec|Art|pp?|ca|approx|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.\s*\Z"
)
_INITIAL = re.compile(r"(?<![A-Za-z])[A-Z]\.\s*\Z")
_FIRST_WORD = re.compile(r"(?:The|Th[ei]se?|That|Those|It|He|She|They|We|You|I|In|On|At|An?|And|But|If|When|However)\b")
# Marks that stand apart before the first word and open nothing ("- ", ", "); what the sentence before cites ("[3]").
_LEADING = re.compile(r"""(?:_*[^\w(\[{<"'“‘«„¿¡「『【《〈（]*\s|\[[0-9]{1,3}\]\s*)*""")
_EMPHASIS_START = re.compile(r"(?:\*{1,3}|_{1,2}|~~)(?![*_~\s])")
_EMPHASIS_END = re.compile(r"(?<![*_~\s])(?:\*{1,3}|_{1,2}|~~)\Z")
_CLAUSE_END = re.compile(r"[,;:.!?)\]–—،؛۔।]\s|[，；：、。！？]")
_SPACE = re.compile(r"\s")


def sentences(text: str, language: str, max_characters: int = 500) -> list[tuple[int, int]]:
    """Where the sentences of `text` stand: (start, end) in characters, in order, without overlap.

    `text` is Markdown or plain and holds no lone surrogates; `language` is its BCP 47 tag. Each span holds a letter,
    neither starts nor ends with white space, stays within one line, and is at most `max_characters` (1 or more) long:
    a longer sentence is cut, at the end of a clause if it can be. What lies between the spans is not to be translated:
    the marks of Markdown, code, URLs, e-mail addresses, paths, mathematics, HTML, placeholders, numbers alone. One of
    these within a sentence parts it in two.
    """
    spans: list[tuple[int, int]] = []
    for lines in blocks(text):
        for prose in _prose(text, lines):
            for sentence in _sentences(text, *prose, language):
                for piece in _cut(text, *sentence, max_characters, language):
                    start, end = _trimmed(text, *piece)
                    if any(map(str.isalpha, text[start:end])):
                        spans.append((start, end))
    return spans


def _prose(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines of a block without what is protected in them."""
    if not lines:
        return
    start, end = lines[0][0], lines[-1][1]
    gaps = protected(text, start, end)
    gaps += [(line_end, next_start) for (_, line_end), (next_start, _) in pairwise(lines)]
    for gap_start, gap_end in sorted(gaps):
        if start < gap_start:
            yield start, gap_start
        start = max(start, gap_end)
    if start < end:
        yield start, end


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    """The sentences of `text[start:end]` as ICU finds them, less the ends that are none."""
    from icu4py.breakers import SentenceBreaker

    boundaries = [start]
    for length, _ in offsets(SentenceBreaker(text[start:end], language)):
        boundary = start + length
        if length and not _goes_on(text, boundaries[-1], boundary):
            while boundary > boundaries[-1] and text[boundary - 1] in _OPENING_BRACKETS:
                boundary -= 1  # ICU leaves it with the sentence before
            boundaries.append(boundary)
    return pairwise([*boundaries, end])


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether the sentence that ICU ends at `end` goes on there."""
    tail = text[max(start, end - 12) : end]
    if tail[-1] in _LINE_ENDS:
        return False
    return bool(
        text[end].islower()
        or (tail[-1] == "." and text[end].isalpha())  # ".NET"
        or _ABBREVIATION.search(tail)
        or (text[end].isdigit() and _ABBREVIATION_BEFORE_NUMBER.search(tail))
        or (_INITIAL.search(tail) and not _FIRST_WORD.match(text, end))
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space and marks that stand apart, opening brackets at the end, emphasis around or half outside."""
    if leading := _LEADING.match(text, start, end):
        start = leading.end()
    end = start + len(text[start:end].rstrip().rstrip(_OPENING_BRACKETS + "\\ "))
    opening = _EMPHASIS_START.match(text, start, end)
    closing = _EMPHASIS_END.search(text, max(start, end - 3), end)
    inside = text[opening.end() if opening else start : closing.start() if closing else end]
    if opening and opening[0] not in inside:
        start = opening.end()
    if closing and closing[0] not in inside:
        end = closing.start()
    return start, start + len(text[start:end].rstrip())


def _cut(text: str, start: int, end: int, limit: int, language: str) -> Iterator[tuple[int, int]]:
    """`text[start:end]` in pieces of at most `limit` characters."""
    while end - start > limit:
        cut = _last_break(text, start, start + limit, language)
        yield start, cut
        start = cut
    yield start, end


def _last_break(text: str, start: int, end: int, language: str) -> int:
    """Where to cut a sentence that begins at `start` and goes on after `end`: at the last break of the best kind."""
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
