"""Marks around words of a sentence that belong together: emphasis, the ends of links, tags."""

import re
from collections.abc import Sequence

from sdrrl_data.text.protected import Span

_EMPHASIS = re.compile(r"(?<![\\*_~])(?:\*{1,3}(?!\*)|_{1,3}(?!_)|~~(?!~))|[{}]")
_EMPHASIS_SIGN = re.compile(r"[*_~{]")


def emphasis(text: str, offset: int) -> list[Span]:
    """Both ends of each emphasis in `text`, in order, `offset` further on; words in braces count as emphasis."""
    spans: list[Span] = []
    if not _EMPHASIS_SIGN.search(text):
        return spans
    opened: dict[str, re.Match[str]] = {}  # the last one of each kind
    for mark in _EMPHASIS.finditer(text):
        before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
        opening = opened.get("{" if mark[0] == "}" else mark[0])
        if opening and mark[0] != "{" and before.strip() and not joins(after):
            spans += [
                Span(opening.start() + offset, opening.end() + offset, "opening"),
                Span(mark.start() + offset, mark.end() + offset, "closing"),
            ]
            opened = {kind: other for kind, other in opened.items() if other.start() < opening.start()}
        elif mark[0] != "}" and after.strip() and not joins(before):
            opened[mark[0]] = mark
    return sorted(spans)


def is_emphasis(text: str, span: Span) -> bool:
    """Whether the span is one end of an emphasis, which is not protected."""
    return not text[span.start : span.end].strip("*_~{}")


def matched(masked: str, spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """The spans of one sentence without openings and closings that lack their other half, and those that lack it.

    What any opening and any closing enclose is a pair, since both are put back in order. Of pairs around one another
    one is made, and a word of a pair that holds nothing but words.
    """
    paired: list[Span] = []
    opened: list[int] = []  # where in `kept`
    loose: list[Span] = []
    for span in spans:
        if span.role == "closing" and not opened:
            loose.append(span)
            continue
        paired.append(span)
        if span.role == "opening":
            opened.append(len(paired) - 1)
        elif span.role == "closing":
            first = opened.pop()
            paired[first:] = _joined(masked, paired[first:])
    alone = {paired[index] for index in opened}
    return [span for span in paired if span not in alone], sorted([*loose, *alone])


def _joined(masked: str, pair: list[Span]) -> list[Span]:
    opening, *inside, closing = pair
    if not any(map(str.isalnum, "".join(between(masked, opening.end, closing.start, inside)))):
        return [Span(opening.start, closing.end, "word")]
    if encloses(inside) and opening.end == inside[0].start and inside[-1].end == closing.start:
        return [
            Span(opening.start, inside[0].end, "opening"),
            *inside[1:-1],
            Span(inside[-1].start, closing.end, "closing"),
        ]
    return pair


def encloses(spans: Sequence[Span]) -> bool:
    """Whether the first of these, in which every opening has its closing, opens what the last closes."""
    depth = 0
    for number, span in enumerate(spans, 1):
        depth += (span.role == "opening") - (span.role == "closing")
        if depth == 0:
            return span.role == "closing" and number == len(spans)
    return False


def between(text: str, start: int, end: int, spans: Sequence[Span]) -> list[str]:
    """What stands in `text[start:end]` before, between and after these spans: one piece more than spans."""
    edges = [start, *(edge for span in spans for edge in span[:2]), end]
    return [text[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True)]


def joins(char: str) -> bool:
    """Whether a word goes on at this character; in scripts without spaces nothing says so."""
    return char.isdigit() or char.lower() != char.upper()
