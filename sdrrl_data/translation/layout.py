"""Whether a text that was translated as a whole kept its layout, and which line became which."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sdrrl_data.protocols import Unit
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.protected import protected

Span = tuple[int, int]


class _Line(NamedTuple):
    """A line of prose, or a cell of a table."""

    span: Span
    protected: list[str]  # within it, in order


def paired(source: str, target: str) -> list[Unit] | None:
    """The lines of prose (or cells of a table) of a Markdown text, each with its translation, in order.

    None where the target has another layout: what lies around the lines must be the same on both sides, and so must
    what is protected within each of them. A line without a letter of its own is no prose. White space that the texts
    begin and end with is compared too, so the caller gives the target the source's.
    """
    ours, theirs = _prose(source), _prose(target)
    same_around = _outside(source, [line.span for line in ours]) == _outside(target, [line.span for line in theirs])
    same_within = [line.protected for line in ours] == [line.protected for line in theirs]
    if not (same_around and same_within):
        return None
    return [Unit(*our.span, *their.span) for our, their in zip(ours, theirs, strict=True)]


def _prose(text: str) -> list[_Line]:
    lines = []
    for block in filter(None, blocks(text)):
        hidden = _merged(protected(text, block[0][0], block[-1][1]))
        for start, end in block:
            line = text[start:end]
            start, end = end - len(line.lstrip()), start + len(line.rstrip())
            within = [(max(a, start) - start, min(b, end) - start) for a, b in hidden if a < end and start < b]
            line = text[start:end]
            if any(map(str.isalpha, "".join(_outside(line, within)))):
                lines.append(_Line((start, end), [line[a:b] for a, b in within]))
    return lines


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _outside(text: str, spans: Sequence[Span]) -> list[str]:
    """What lies before, between and after these spans, which come in order."""
    ends, starts = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]
