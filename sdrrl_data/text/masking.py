"""What is not words in translated sentences: protected spans, the same on both sides, and marks of emphasis."""

from collections.abc import Iterator, Sequence

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.paired_marks import emphasis_around
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
    """The words of a pair's sentences: without protected spans, marks of emphasis and line ends: (source, target)."""
    sentences = []
    for unit in pair.units:
        spans = list(kept(pair, unit))
        source = _without(pair.source, unit.source_start, unit.source_end, [source_span for source_span, _ in spans])
        target = _without(pair.target, unit.target_start, unit.target_end, [target_span for _, target_span in spans])
        sentences.append((source, target))
    return sentences


def _without(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    pieces = []
    marks = [mark[:2] for mark in emphasis_around(text, start, end, spans)]
    for span_start, span_end in sorted([*spans, *marks]):
        pieces.append(on_one_line(text[start:span_start]))
        start = span_end
    words = "".join([*pieces, on_one_line(text[start:end])])
    return " ".join(words.split()) if spans else words
