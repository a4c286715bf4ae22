"""The parts of a Markdown text that are sentences to translate. The rest is layout, or protected."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.attributes import words_of_attributes
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.paired_marks import are_enclosed, between, emphasis, is_emphasis, matched
from sdrrl_data.text.protected import Span, protected_spans
from sdrrl_data.text.sentences import OPENING_BRACKETS, pieces, sentence_spans
from sdrrl_data.text.slots import inside, slots

# Replaces each character of a protected span while sentences are searched for: a letter, brackets, a line end.
_MASKS = {"word": "Ω", "slot": "Ω", "opening": "(", "closing": ")", "gap": "\n"}
# Thai and Lao do not mark the end of a sentence. One in ten Thai sentences is longer than this.
_UNMARKED = ("th", "lo")
_UNMARKED_CHARACTERS = 200
# Separate marks before the first word that open nothing ("- ", ", "); citations of the sentence before ("[3]").
_LEADING = re.compile(r"""(?:_*[^\w(\[{<"'“‘«„¿¡「『【《〈（]*\s|\[(?:[0-9]{1,3}|[a-z])\]\s*)*""")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)]*\s*\Z")
_COLON = re.compile(r":(?=\s|\Z)|：")
_EMPHASIS_START = re.compile(r"(?:\*{1,3}|_{1,2}|~~)(?![*_~\s])")
_EMPHASIS_END = re.compile(r"(?<![*_~\s])(?:\*{1,3}|_{1,2}|~~)\Z")


class Segment(NamedTuple):
    """A sentence to translate: its position (in characters, end excluded), and the spans within it that are kept.

    The spans are in order and do not overlap. Each opening has its closing.
    """

    start: int
    end: int
    spans: tuple[Span, ...] = ()


def segments(text: str, language: str, max_characters: int = 500) -> list[Segment]:
    """The sentences of `text`, in order, without overlap.

    The text between them is not translated: the marks of Markdown, separate numbers, and protected spans that are not
    part of a sentence, but for the words in their attributes and titles. The spans within a sentence are code, URLs,
    paths, e-mail addresses, formulas, placeholders, slots, and both ends of links, of HTML elements and of emphasis.
    Outside of them, a sentence has at least one letter and no line break. It neither starts nor ends with white space.
    A slot alone, and a label in bold with its colon, are sentences without their marks.

    Args:
        text: Markdown or plain text, without lone surrogates.
        language: its BCP 47 tag.
        max_characters: 1 or more. A sentence that is longer with its markers (see placeholders.py), without the marks
            of its emphasis, is cut, at the end of a clause if possible. Thai and Lao, which do not mark the end of a
            sentence, are cut at 200.
    """
    limit = min(max_characters, _UNMARKED_CHARACTERS) if language.split("-")[0] in _UNMARKED else max_characters
    prose, spans, tags = _prose(text, limit)
    masked = _masked(text, 0, len(text), spans)
    sentences_to_translate = [
        segment
        for sentence in sentence_spans(masked, prose, language)
        for piece in pieces(text, masked, *sentence, spans, limit, language)
        for segment in _segments(text, masked, *piece, spans)
    ]
    return sorted([*sentences_to_translate, *_in_tags(text, sentences_to_translate, tags, limit)])


def _in_tags(text: str, outside: Sequence[Segment], tags: Sequence[Span], limit: int) -> Iterator[Segment]:
    """The words in the attributes of tags, and the titles of links, that are not within a sentence."""
    for tag in tags:
        number = bisect_right(outside, tag.start, key=lambda segment: segment.start)
        if not number or outside[number - 1].end <= tag.start:
            for start, end in words_of_attributes(text, tag.start, tag.end):
                if end - start <= limit:
                    yield Segment(start, end)


def unprotected_pieces(text: str, segment: Segment) -> list[tuple[int, int]]:
    """The pieces of a segment between its protected spans, if they have a letter: (start, end) in `text`, in order.

    Emphasis is not protected, so a piece may contain it. The words of a slot are a piece.
    """
    if not segment.spans:
        return [(segment.start, segment.end)]
    start = segment.start
    pieces = []
    for cut in [*segment.spans, Span(segment.end, segment.end, "gap")]:
        if cut.role == "gap" or not is_emphasis(text, cut):
            piece = _trimmed(text, start, cut.start)
            start = cut.end
            if _has_letter(text[slice(*piece)]):
                pieces.append(piece)
            if cut.role == "slot":
                pieces.append(inside(text, cut.start, cut.end))
    return pieces


def words_of_slots(text: str, segment: Segment) -> list[Segment]:
    """The words of each slot of a segment, as a segment by itself."""
    return [_words_of_slot(text, span) for span in segment.spans if span.role == "slot"]


def _words_of_slot(text: str, slot: Span) -> Segment:
    start, end = inside(text, slot.start, slot.end)
    return _without_outer_marks(text, start, end, emphasis(text[start:end], start), [])


def sentences(text: str, language: str, max_characters: int = 500) -> list[tuple[int, int]]:
    """The unprotected pieces of all segments: (start, end) in `text`, in order."""
    return [
        piece for segment in segments(text, language, max_characters) for piece in unprotected_pieces(text, segment)
    ]


def _prose(text: str, limit: int) -> tuple[list[tuple[int, int]], list[Span], list[Span]]:
    """The stretches of prose between gaps, the spans within them, and spans that may have words; all in order.

    The words of a slot have at most `limit` characters.
    """
    prose: list[tuple[int, int]] = []
    within: list[Span] = []
    tags: list[Span] = []
    may_have_words = any(sign in text for sign in ('="', "='", "](", "]: "))
    for lines in filter(None, blocks(text)):
        start, end = lines[0][0], lines[-1][1]
        spans = protected_spans(text, start, end)
        spans += [Span(line_end, next_start, "gap") for (_, line_end), (next_start, _) in pairwise(lines)]
        if spans:
            spans = _disjoint(spans)
        if places := _slots(text, _masked(text, start, end, spans), start, limit):
            spans = _disjoint([*spans, *places])
        if marks := emphasis(_masked(text, start, end, spans), start):
            spans = sorted(spans + marks)
        if may_have_words:
            tags += [span for span in spans if text[span.start] in "<{[]!"]
        for span in spans:
            if span.role != "gap":
                within.append(span)
                continue
            if start < span.start:
                prose.append((start, span.start))
            start = span.end
        if start < end:
            prose.append((start, end))
    return prose, within, tags


def _slots(text: str, masked: str, offset: int, limit: int) -> list[Span]:
    """The slots in `masked`, which is at `offset` in `text`, without those that have protected spans in them."""
    return [
        Span(offset + start, offset + end, "slot")
        for start, end in slots(masked)
        if end - start <= limit and text.startswith(masked[start:end], offset + start)
    ]


def _disjoint(spans: Sequence[Span]) -> list[Span]:
    """The spans in order, without those inside another span; two spans that overlap become a gap."""
    disjoint: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not disjoint or span.start >= disjoint[-1].end:
            disjoint.append(span)
        elif span.end > disjoint[-1].end:
            disjoint[-1] = Span(disjoint[-1].start, span.end, "gap")
    return disjoint


def _masked(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """`text[start:end]` with masks instead of the characters of these spans; all positions stay the same."""
    masked = []
    for span in spans:
        masked += [text[start : span.start], _MASKS[span.role] * (span.end - span.start)]
        start = span.end
    return "".join([*masked, text[start:end]])


def _segments(text: str, masked: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Segment]:
    """The segments of a sentence, which is cut at openings and closings without a counterpart."""
    inside = _inside(spans, start, end)
    if not inside:
        start, end = _trimmed(masked, start, end)
        if _has_letter(masked[start:end]):
            yield Segment(start, end)
        return
    paired, unmatched = matched(masked, inside)
    # Brackets in the sentence could be confused with the brackets of markers.
    has_brackets = "[" in masked[start:end] or "]" in masked[start:end]
    if has_brackets:
        unmatched += [span for span in paired if span.role not in ("word", "slot") and not is_emphasis(text, span)]
        unmatched.sort()
        paired = [span for span in paired if span not in unmatched]
    cuts = [span for span in unmatched if not is_emphasis(text, span)]
    cuts += [span for span in paired if span.role == "slot" and _is_after_sentence(masked, start, span)]
    cuts = sorted([*cuts, *_end_of_label(text, masked, start, paired)])
    for cut in [*cuts, Span(end, end, "gap")]:
        piece = start, cut.start
        segment = _without_outer_marks(masked, *piece, _inside(paired, *piece), _inside(unmatched, *piece))
        if has_brackets:
            segment = segment._replace(spans=tuple(span for span in segment.spans if span.role in ("word", "slot")))
        if _has_letter("".join(between(masked, *segment))):
            yield segment
        else:
            yield from words_of_slots(text, segment)
        if cut.role == "slot":
            yield _words_of_slot(text, cut)
        start = cut.end


def _is_after_sentence(masked: str, start: int, slot: Span) -> bool:
    """Whether a slot is not in the sentence before it: "The end.[citation needed]"."""
    return bool(_SENTENCE_END.search(masked, max(start, slot.start - 4), slot.start))


def _end_of_label(text: str, masked: str, start: int, paired: Sequence[Span]) -> list[Span]:
    """The colon after a label with which a sentence begins: "**Caution:** Wait.", "**Step**: Cut."."""
    if not paired or paired[0].role != "opening" or any(map(str.isalnum, masked[start : paired[0].start])):
        return []
    number = next(number for number in range(2, len(paired) + 1) if are_enclosed(paired[:number]))
    mark = paired[number - 1]
    if not is_emphasis(text, mark):
        return []
    if colon := _COLON.match(masked, mark.end):
        return [Span(*colon.span(), "gap")]
    is_inside = masked[mark.start - 1] in ":：" and not masked[mark.end : mark.end + 1].strip()
    return [Span(mark.end, mark.end, "gap")] if is_inside else []


def _without_outer_marks(masked: str, start: int, end: int, paired: list[Span], unmatched: list[Span]) -> Segment:
    """A sentence without the marks around it."""
    while True:
        start, end = _trimmed(masked, start, end)
        if unmatched and unmatched[0].start <= start < unmatched[0].end:
            start = unmatched.pop(0).end
        elif unmatched and unmatched[-1].start < end <= unmatched[-1].end:
            end = unmatched.pop().start
        elif are_enclosed(paired) and paired[0].start == start and paired[-1].end == end:
            start, end, paired = paired[0].end, paired[-1].start, paired[1:-1]
        else:
            return Segment(start, end, tuple(paired))


def _inside(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The spans in `[start:end]`; no span crosses its ends."""
    if not spans:
        return []
    first = bisect_left(spans, start, key=lambda span: span.start)
    return list(spans[first : bisect_left(spans, end, first, key=lambda span: span.start)])


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without outer white space and separate marks, opening brackets at the end, and emphasis around it.

    Emphasis with only one end in the span is left out, too, if that end is at the edge.
    """
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
