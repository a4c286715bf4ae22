"""Which parts of a Markdown text are sentences to translate; all the rest is layout, or protected."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.layout import blocks
from sdrrl_data.text.paired_marks import between, emphasis, encloses, is_emphasis, matched
from sdrrl_data.text.protected import Span, protected_spans
from sdrrl_data.text.sentences import OPENING_BRACKETS, pieces, sentence_spans

# What stands for each character of a protected span while sentences are looked for: a letter, brackets, a line end.
_MASKS = {"word": "Ω", "opening": "(", "closing": ")", "gap": "\n"}
# Thai and Lao do not mark where a sentence ends. Of single Thai sentences, one in ten is longer than this.
_UNMARKED = ("th", "lo")
_UNMARKED_CHARACTERS = 200
# Marks that stand apart before the first word and open nothing ("- ", ", "); what the sentence before cites ("[3]").
_LEADING = re.compile(r"""(?:_*[^\w(\[{<"'“‘«„¿¡「『【《〈（]*\s|\[(?:[0-9]{1,3}|[a-z])\]\s*)*""")
_EMPHASIS_START = re.compile(r"(?:\*{1,3}|_{1,2}|~~)(?![*_~\s])")
_EMPHASIS_END = re.compile(r"(?<![*_~\s])(?:\*{1,3}|_{1,2}|~~)\Z")


class Segment(NamedTuple):
    """A sentence to translate: where it stands (in characters, end excluded), and what is to be kept within it.

    What is kept stands in order and does not overlap. Each opening has its closing.
    """

    start: int
    end: int
    kept: tuple[Span, ...] = ()


def segments(text: str, language: str, max_characters: int = 500) -> list[Segment]:
    """The sentences of `text`, in order, without overlap.

    What lies between them is not to be translated: the marks of Markdown, numbers alone, and what is protected but no
    part of a sentence. Kept within a sentence are code, URLs, paths, e-mail addresses, formulas, placeholders, and both
    ends of links, of elements of HTML and of emphasis. Beside these each sentence holds a letter and stays within one
    line; it neither starts nor ends with white space.

    Args:
        text: Markdown or plain, without lone surrogates.
        language: its BCP 47 tag.
        max_characters: 1 or more. A sentence that is longer when it is marked (see carrying.py) is cut, at the end of a
            clause if it can be. Thai and Lao, which do not mark where sentences end, are cut at 200.
    """
    limit = min(max_characters, _UNMARKED_CHARACTERS) if language.split("-")[0] in _UNMARKED else max_characters
    prose, spans = _prose(text)
    masked = _masked(text, 0, len(text), spans)
    return [
        segment
        for stretch in prose
        for sentence in sentence_spans(masked, *stretch, language)
        for piece in pieces(masked, *sentence, spans, limit, language)
        for segment in _parted(text, masked, *piece, spans)
    ]


def apart(text: str, segment: Segment) -> list[tuple[int, int]]:
    """The pieces of a segment between what is kept that hold a letter: (start, end) in `text`, in order.

    Emphasis, which is not protected, parts nothing.
    """
    if not segment.kept:
        return [(segment.start, segment.end)]
    start = segment.start
    pieces = []
    for cut in [*segment.kept, Span(segment.end, segment.end, "gap")]:
        if cut.role == "gap" or not is_emphasis(text, cut):
            piece = _trimmed(text, start, cut.start)
            start = cut.end
            if _has_letter(text[slice(*piece)]):
                pieces.append(piece)
    return pieces


def sentences(text: str, language: str, max_characters: int = 500) -> list[tuple[int, int]]:
    """The pieces of all segments, cut apart at what is protected: (start, end) in `text`, in order."""
    return [piece for segment in segments(text, language, max_characters) for piece in apart(text, segment)]


def _prose(text: str) -> tuple[list[tuple[int, int]], list[Span]]:
    """The stretches of prose, which lie between gaps, and what is protected within them; both in order."""
    prose: list[tuple[int, int]] = []
    within: list[Span] = []
    for lines in filter(None, blocks(text)):
        start, end = lines[0][0], lines[-1][1]
        spans = protected_spans(text, start, end)
        spans += [Span(line_end, next_start, "gap") for (_, line_end), (next_start, _) in pairwise(lines)]
        if spans:
            spans = _disjoint(spans)
        if marks := emphasis(_masked(text, start, end, spans), start):
            spans = sorted(spans + marks)
        for span in spans:
            if span.role != "gap":
                within.append(span)
                continue
            if start < span.start:
                prose.append((start, span.start))
            start = span.end
        if start < end:
            prose.append((start, end))
    return prose, within


def _disjoint(spans: Sequence[Span]) -> list[Span]:
    """In order; one that lies in another is left out, and two that overlap are made a gap."""
    disjoint: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not disjoint or span.start >= disjoint[-1].end:
            disjoint.append(span)
        elif span.end > disjoint[-1].end:
            disjoint[-1] = Span(disjoint[-1].start, span.end, "gap")
    return disjoint


def _masked(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """`text[start:end]`, every character in its place, with masks for these spans in it."""
    masked = []
    for span in spans:
        masked += [text[start : span.start], _MASKS[span.role] * (span.end - span.start)]
        start = span.end
    return "".join([*masked, text[start:end]])


def _parted(text: str, masked: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Segment]:
    """A sentence, parted at openings and closings that lack their other half."""
    inside = _inside(spans, start, end)
    if not inside:
        start, end = _trimmed(masked, start, end)
        if _has_letter(masked[start:end]):
            yield Segment(start, end)
        return
    paired, loose = matched(masked, inside)
    # Its own brackets would be taken for those that mark what is kept.
    has_brackets = "[" in masked[start:end] or "]" in masked[start:end]
    if has_brackets:
        loose = sorted(loose + [span for span in paired if span.role != "word" and not is_emphasis(text, span)])
        paired = [span for span in paired if span not in loose]
    cuts = [span for span in loose if not is_emphasis(text, span)]
    for cut in [*cuts, Span(end, end, "gap")]:
        segment = _bare(masked, start, cut.start, _inside(paired, start, cut.start), _inside(loose, start, cut.start))
        if has_brackets:
            segment = segment._replace(kept=tuple(span for span in segment.kept if span.role == "word"))
        if _has_letter("".join(between(masked, *segment))):
            yield segment
        start = cut.end


def _bare(masked: str, start: int, end: int, paired: list[Span], loose: list[Span]) -> Segment:
    """A sentence without marks around it."""
    while True:
        start, end = _trimmed(masked, start, end)
        if loose and loose[0].start <= start < loose[0].end:
            start = loose.pop(0).end
        elif loose and loose[-1].start < end <= loose[-1].end:
            end = loose.pop().start
        elif encloses(paired) and paired[0].start == start and paired[-1].end == end:
            start, end, paired = paired[0].end, paired[-1].start, paired[1:-1]
        else:
            return Segment(start, end, tuple(paired))


def _inside(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Those in `[start:end]`; none goes beyond it."""
    if not spans:
        return []
    first = bisect_left(spans, start, key=lambda span: span.start)
    return list(spans[first : bisect_left(spans, end, first, key=lambda span: span.start)])


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space and marks that stand apart, opening brackets at the end, emphasis around or half outside."""
    if leading := _LEADING.match(text, start, end):
        start = leading.end()
    end = start + len(text[start:end].rstrip().rstrip(OPENING_BRACKETS + "\\ "))
    opening = _EMPHASIS_START.match(text, start, end)
    closing = _EMPHASIS_END.search(text, max(start, end - 3), end)
    inside = text[opening.end() if opening else start : closing.start() if closing else end]
    if opening and opening[0] not in inside:
        start = opening.end()
    if closing and closing[0] not in inside:
        end = closing.start()
    return start, start + len(text[start:end].rstrip())
