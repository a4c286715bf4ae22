"""The scorers that only count, applied together to one pair at a time, so that shared values are computed once."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.recipe import scores_of
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair

BATCH = 256  # pairs between two calls of `advance`


def learned(settings: Sequence[CountingConfig], usual: Sequence[TextPair], src: Language, tgt: Language) -> list[Any]:
    """What each of these scorers learns from pairs of the run, in their order."""
    return [scorer_config.learn(usual, src, tgt) for scorer_config in settings]


class Heuristics:
    """The scores of these scorers (see their files), in their order; null where a scorer cannot judge."""

    def __init__(
        self, settings: Sequence[CountingConfig], src: Language, tgt: Language, learned: Sequence[Any]
    ) -> None:
        """Get ready to count.

        Args:
            settings: the settings of each scorer.
            src: the language of the source texts.
            tgt: the language of the translations.
            learned: what each has learned, as the function `learned` returns it.
        """
        self._scorers = list(zip(settings, learned, strict=True))
        self._src, self._tgt = src, tgt
        self._schema = {column: pl.Float64 for scorer_config in settings for column in scores_of(scorer_config)}

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """The scores of these scorers."""
        rows: list[list[float | None]] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            rows += map(self._row, batch)
            advance(len(batch))
        return pl.DataFrame(rows, schema=self._schema, orient="row")

    def _row(self, pair: TextPair) -> list[float | None]:
        prepared = PreparedPair(pair, self._src, self._tgt)
        return [score for scorer_config, learned in self._scorers for score in scorer_config.count(prepared, learned)]
