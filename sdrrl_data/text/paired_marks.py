"""Pairs of marks around words of a sentence: emphasis, the ends of links, tags."""

import re
from collections.abc import Sequence

from sdrrl_data.text.protected import Span

# The look-ahead skips all other characters quickly.
_EMPHASIS = re.compile(r"(?=[*_~{}])(?:(?<![\\*])\*{1,3}(?!\*)|(?<![\\_])_{1,3}(?!_)|(?<![\\~])~~(?!~)|[{}])")
_EMPHASIS_SIGN = re.compile(r"[*_~{]")


def emphasis(text: str, offset: int) -> list[Span]:
    """Both ends of each emphasis in `text`, in order; words in braces count as emphasis.

    `offset` is added to all positions.
    """
    spans: list[Span] = []
    if not _EMPHASIS_SIGN.search(text):
        return spans
    opened: dict[str, re.Match[str]] = {}  # the last open mark of each kind
    for mark in _EMPHASIS.finditer(text):
        before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
        opening = opened.get("{" if mark[0] == "}" else mark[0])
        ends_here = mark[0][0] == "*" or not continues_word(after)  # "**S**top" is emphasis, "_S_top" is not
        if opening and mark[0] != "{" and before.strip() and ends_here:
            spans += [
                Span(opening.start() + offset, opening.end() + offset, "opening"),
                Span(mark.start() + offset, mark.end() + offset, "closing"),
            ]
            opened = {kind: other for kind, other in opened.items() if other.start() < opening.start()}
        elif mark[0] != "}" and after.strip() and not continues_word(before):
            opened[mark[0]] = mark
    return sorted(spans)


def emphasis_around(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> list[Span]:
    """The marks of emphasis in `text[start:end]`, in order, but not those in these spans of it; braces are no marks."""
    if not _EMPHASIS_SIGN.search(text, start, end):
        return []
    masked = list(text[start:end])
    for span_start, span_end in spans:
        masked[span_start - start : span_end - start] = "Ω" * (span_end - span_start)
    return [mark for mark in emphasis("".join(masked), start) if is_left_out(text, mark)]


def is_emphasis(text: str, span: Span) -> bool:
    """Whether the span is an end of an emphasis; these are not protected."""
    return not text[span.start : span.end].strip("*_~{}")


def is_left_out(text: str, span: Span) -> bool:
    """Whether the span is an end of an emphasis that is not sent to a translator: not a brace."""
    return span.role in ("opening", "closing") and not text[span.start : span.end].strip("*_~")


def as_read(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text without its marks of emphasis; what is in these spans stays as it is, and so do braces."""
    return "".join(between(text, 0, len(text), emphasis_around(text, 0, len(text), spans)))


def matched(masked: str, spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """The spans of one sentence in two lists: all but the unmatched openings and closings, and the unmatched ones.

    An opening and a closing of any kind can form a pair, since both are put back in order. Pairs directly around one
    another become one pair. A pair that encloses no text except protected words becomes one word; but slots have text.
    """
    paired: list[Span] = []
    opened: list[int] = []  # indices in `paired`
    unmatched: list[Span] = []
    for span in spans:
        if span.role == "closing" and not opened:
            unmatched.append(span)
            continue
        paired.append(span)
        if span.role == "opening":
            opened.append(len(paired) - 1)
        elif span.role == "closing":
            first = opened.pop()
            paired[first:] = _merged(masked, paired[first:])
    never_closed = {paired[index] for index in opened}
    return [span for span in paired if span not in never_closed], sorted([*unmatched, *never_closed])


def _merged(masked: str, pair: list[Span]) -> list[Span]:
    """A pair and the spans inside it, merged where possible."""
    opening, *inside, closing = pair
    has_text = any(map(str.isalnum, "".join(between(masked, opening.end, closing.start, inside))))
    if not has_text and all(span.role != "slot" for span in inside):
        return [Span(opening.start, closing.end, "word")]
    if are_enclosed(inside) and opening.end == inside[0].start and inside[-1].end == closing.start:
        return [
            Span(opening.start, inside[0].end, "opening"),
            *inside[1:-1],
            Span(inside[-1].start, closing.end, "closing"),
        ]
    return pair


def are_enclosed(spans: Sequence[Span]) -> bool:
    """Whether the first and the last span are a pair. Every opening in `spans` has its closing."""
    depth = 0
    for number, span in enumerate(spans, 1):
        depth += (span.role == "opening") - (span.role == "closing")
        if depth == 0:
            return span.role == "closing" and number == len(spans)
    return False


def between(text: str, start: int, end: int, spans: Sequence[Span]) -> list[str]:
    """The pieces of `text[start:end]` before, between and after these spans: one more than there are spans."""
    edges = [start, *(edge for span in spans for edge in span[:2]), end]
    return [text[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True)]


def continues_word(char: str) -> bool:
    """Whether a word goes on at this character: a digit, or a letter with case. Scripts without spaces have none."""
    return char.isdigit() or char.lower() != char.upper()
