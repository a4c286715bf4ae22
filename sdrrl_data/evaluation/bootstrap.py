"""Paired bootstrap resampling: how much a change depends on the choice of items."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
LEFT_OUT = RESAMPLES // 40  # at each end; 95 % are in between

Statistics = NDArray[np.float64]  # items x statistics
FromSums = Callable[[Statistics], float]  # from the sums over all items to the figure


class Change(NamedTuple):
    """The change of a figure, and the interval that contains 95 % of the resamples; NaN if it cannot be computed."""

    value: float
    low: float
    high: float


def change(base: Statistics, tuned: Statistics, figure: FromSums, seed: int) -> Change:
    """The change from one model's figure to another's, on the same items in the same order.

    Items are drawn with replacement, the same ones for both models, and each figure is recomputed from the sums over
    the drawn items: chrF of a corpus from the counts of its sentences, a ratio from numerators and denominators. For
    the same seed, the draws are those of sacrebleu.

    Source: Koehn 2004, https://aclanthology.org/W04-3250.
    """
    drawn = np.random.default_rng(seed)
    changes = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):
        items = drawn.integers(len(base), size=len(base))
        changes[resample] = figure(tuned[items].sum(0)) - figure(base[items].sum(0))
    value = figure(tuned.sum(0)) - figure(base.sum(0))
    if np.isnan(changes).any():  # if few items can be judged, some resamples contain none of them
        return Change(value, float("nan"), float("nan"))
    changes.sort()
    return Change(value, float(changes[LEFT_OUT]), float(changes[-LEFT_OUT - 1]))
