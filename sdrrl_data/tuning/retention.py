"""What thresholds keep of a run's texts and pairs."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.steps import verdicts

Rows = NDArray[np.bool_]


class Passing(NamedTuple):
    """The values that pass, as numbers: from `min` to `max`."""

    min: float | None = None
    max: float | None = None


class Retained(NamedTuple):
    """What remains after a filter."""

    texts: int  # questions (or answers) that pass this filter, including those that were not judged
    pairs: int  # pairs of question and answer that keep all their texts, in both languages, under all filters


class Filters:
    """The filters in force, applied to the scores of one target.

    Args:
        scores: a row for each seed: `id`, and columns such as `question_similarity` and `answer_src_language`
            (Float64). Other columns are ignored.
        thresholds: the recipe's, as they hold for the target.
        src: tag of the source language.
        tgt: tag of the target language.
    """

    def __init__(self, scores: pl.DataFrame, thresholds: Mapping[str, ThresholdConfig], src: str, tgt: str) -> None:
        self.scores, self.thresholds, self.src, self.tgt = scores, thresholds, src, tgt
        cuts = [cut for cut in verdicts.cuts(thresholds, scores) if cut.column in scores.columns]
        self._in_force = {cut.column: Passing(_value(cut.min), _value(cut.max)) for cut in cuts}
        # A text that fails a filter with a weight is not dropped.
        self._drops = {cut.column: self.fails(cut.column, self._in_force[cut.column]) for cut in cuts if not cut.weight}
        # For each row: how many filters drop it.
        self._dropped = sum(
            (fails.astype(np.int32) for fails in self._drops.values()), np.zeros(scores.height, np.int32)
        )

    def in_force(self, column: str) -> Passing | None:
        """The values of a column that pass now; None if no filter uses it."""
        return self._in_force.get(column)

    def fails(self, column: str, passing: Passing) -> Rows:
        """The rows whose value does not pass. A value that is missing passes."""
        values = self.scores[column]
        failed = pl.repeat(False, len(values), eager=True)
        if passing.min is not None:
            failed |= values < passing.min
        if passing.max is not None:
            failed |= values > passing.max
        return failed.fill_null(False).to_numpy()

    def retained(self, column: str, passing: Passing) -> Retained:
        """What would remain if this column had other bounds, and no other filter changed."""
        fails = self.fails(column, passing)
        return Retained(int((~fails).sum()), self._pairs({column: fails}))

    def pairs(self, changes: Mapping[str, Passing] | None = None) -> int:
        """How many pairs would pass all filters if some columns had other bounds."""
        return self._pairs({column: self.fails(column, passing) for column, passing in (changes or {}).items()})

    def _pairs(self, changed: Mapping[str, Rows]) -> int:
        dropped = self._dropped
        for column, fails in changed.items():
            dropped = dropped - self._drops.get(column, 0) + fails
        return int((dropped == 0).sum())


def _value(limit: verdicts.Limit | None) -> float | None:
    return limit.value if limit else None
