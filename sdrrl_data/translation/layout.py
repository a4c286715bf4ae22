"""Whether a text that was translated as a whole kept its layout, and which lines belong together."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sdrrl_data.protocols import Unit
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.protected import protected

Span = tuple[int, int]


class _Line(NamedTuple):
    """A line of prose, or a cell of a table."""

    span: Span
    protected: list[str]  # the protected spans within it, in order


def paired_lines(source: str, target: str) -> list[Unit] | None:
    """The lines of prose (or cells of a table) of a Markdown text, each with its translation, in order.

    None if the target has another layout: the text around the lines must be the same on both sides, and so must the
    protected spans within each line. A line with no letters outside its protected spans is not prose. White space at
    the start and end of the texts is compared too, so the caller gives the target the white space of the source.
    """
    source_lines, target_lines = _prose(source), _prose(target)
    source_layout = _outside(source, [line.span for line in source_lines])
    target_layout = _outside(target, [line.span for line in target_lines])
    if source_layout != target_layout:
        return None
    if [line.protected for line in source_lines] != [line.protected for line in target_lines]:
        return None
    return [
        Unit(*source_line.span, *target_line.span)
        for source_line, target_line in zip(source_lines, target_lines, strict=True)
    ]


def _prose(text: str) -> list[_Line]:
    lines = []
    for block in filter(None, blocks(text)):
        protected_spans = _merged(protected(text, block[0][0], block[-1][1]))
        for start, end in block:
            line = text[start:end]
            start, end = end - len(line.lstrip()), start + len(line.rstrip())
            line = text[start:end]
            line_spans = [
                (max(span_start, start) - start, min(span_end, end) - start)
                for span_start, span_end in protected_spans
                if span_start < end and start < span_end
            ]
            if any(map(str.isalpha, "".join(_outside(line, line_spans)))):
                lines.append(_Line((start, end), [line[slice(*span)] for span in line_spans]))
    return lines


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; those that overlap become one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _outside(text: str, spans: Sequence[Span]) -> list[str]:
    """The text before, between and after these spans, which are in order."""
    ends, starts = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]
