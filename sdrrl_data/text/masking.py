"""The protected spans of translated sentences: the same on both sides, and not words of either language."""

from collections.abc import Iterator

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.protected import protected
from sdrrl_data.text.wraps import on_one_line

Span = tuple[int, int]


def kept(pair: TextPair, unit: Unit) -> Iterator[tuple[Span, Span]]:
    """The protected spans within a unit, in order: the position of each in the source and in the target."""
    target_start = unit.target_start
    end = unit.source_start
    for span_start, span_end in sorted(protected(pair.source, unit.source_start, unit.source_end)):
        start = max(span_start, end)  # spans may overlap
        if start >= span_end:
            continue
        end = span_end
        target_start = pair.target.find(pair.source[start:end], target_start, unit.target_end)
        if target_start < 0:
            return
        yield (start, end), (target_start, target_start + end - start)
        target_start += end - start


def plain(pair: TextPair) -> list[tuple[str, str]]:
    """The sentences of a pair without their protected spans and line ends: (source, target)."""
    sentences = []
    for unit in pair.units:
        spans = list(kept(pair, unit))
        source = _without(pair.source, unit.source_start, unit.source_end, [source_span for source_span, _ in spans])
        target = _without(pair.target, unit.target_start, unit.target_end, [target_span for _, target_span in spans])
        sentences.append((source, target))
    return sentences


def _without(text: str, start: int, end: int, spans: list[Span]) -> str:
    pieces = []
    for span_start, span_end in spans:
        pieces.append(on_one_line(text[start:span_start]))
        start = span_end
    return " ".join("".join([*pieces, on_one_line(text[start:end])]).split()) if spans else on_one_line(text[start:end])
