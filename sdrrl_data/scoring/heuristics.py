"""The scorers that only count, all over one pair at a time, so that what they share is prepared once."""

from collections.abc import Iterable, Sequence

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.scoring import prose
from sdrrl_data.scoring.finish import finished
from sdrrl_data.scoring.length import MIN_CHARACTERS, Expectation, against_usual
from sdrrl_data.scoring.numbers import found_share, protected_share
from sdrrl_data.scoring.overlap import copied_share
from sdrrl_data.scoring.personal import count
from sdrrl_data.scoring.repetition import compression, repeated_lines, repeated_share
from sdrrl_data.scoring.tokens import tokens

BATCH = 256  # pairs between two calls of `advance`


class Heuristics:
    """What each of these scorers gives (see its file), in the order of `recipe.SCORES`; null where it cannot judge."""

    def __init__(
        self, settings: Sequence[recipe.HeuristicConfig], src: Language, tgt: Language, expectation: Expectation
    ) -> None:
        self._kinds = [own.kind for own in settings]
        self._with_words = not {"length", "repetition", "overlap"}.isdisjoint(self._kinds)
        self._src, self._tgt = src, tgt
        self._expectation = expectation

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """The scores of these scorers."""
        rows: list[list[float | None]] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            rows += map(self._row, batch)
            advance(len(batch))
        schema = {name: pl.Float64 for kind in self._kinds for name in recipe.SCORES[kind]}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _row(self, pair: TextPair) -> list[float | None]:
        source, target = prose(pair)
        ours = tokens(source, self._src) if self._with_words else []
        theirs = tokens(target, self._tgt) if self._with_words else []
        row: list[float | None] = []
        for kind in self._kinds:
            match kind:
                case "length":
                    row += self._length(source, target, len(ours), len(theirs))
                case "repetition":
                    row += [repeated_share(ours), repeated_share(theirs)]
                    row += [repeated_lines(lines) for lines in _lines(pair)]
                    row += [compression(source), compression(target)]
                case "overlap":
                    row.append(copied_share(ours, theirs))
                case "numbers":
                    row += [found_share(source, target), protected_share(pair.source, pair.target)]
                case "finish":
                    row.append(finished(pair.source, pair.target, self._src, self._tgt))
                case "personal":
                    row += [count(pair.source), count(pair.target)]
        return row

    def _length(self, source: str, target: str, ours: int, theirs: int) -> list[float | None]:
        if len(source) < MIN_CHARACTERS:
            return [None, None]
        return [
            against_usual(len(source), len(target), self._expectation.characters),
            against_usual(ours, theirs, self._expectation.words),
        ]


def _lines(pair: TextPair) -> tuple[list[str], list[str]]:
    """The translated sentences of each line, in the source and in the target."""
    return (
        _joined(pair.source, ((unit.source_start, unit.source_end) for unit in pair.units)),
        _joined(pair.target, ((unit.target_start, unit.target_end) for unit in pair.units)),
    )


def _joined(text: str, spans: Iterable[tuple[int, int]]) -> list[str]:
    """The text in these spans, those of one line together."""
    lines: list[str] = []
    end = 0
    for start, next_end in spans:
        if lines and "\n" not in text[end:start]:
            lines[-1] += " " + text[start:next_end]
        else:
            lines.append(text[start:next_end])
        end = next_end
    return lines
