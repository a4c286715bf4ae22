"""What a figure and its change owe to the choice of items: paired bootstrap resampling."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
LEFT_OUT = RESAMPLES // 40  # at either end: 95 % lie between

Statistics = NDArray[np.float64]  # items x their statistics
Figure = Callable[[Statistics], float]  # from the sums over all items to the figure


class Change(NamedTuple):
    """What a model changed in a figure, and the interval that holds 95 % of the resamples; NaN: it cannot be told."""

    value: float
    low: float
    high: float


def change(base: Statistics, tuned: Statistics, figure: Figure, seed: int) -> Change:
    """The change from one model's figure to another's, on the same items in the same order.

    Items are drawn with replacement, the same ones for both models, and each figure is computed anew from what was
    drawn: a corpus' chrF from the sums of its sentences' counts, a ratio from the sums above and below. The draws are
    those of sacrebleu for the same seed.

    Source: Koehn 2004, https://aclanthology.org/W04-3250.
    """
    drawn = np.random.default_rng(seed)
    changes = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):
        items = drawn.integers(len(base), size=len(base))
        changes[resample] = figure(tuned[items].sum(0)) - figure(base[items].sum(0))
    value = figure(tuned.sum(0)) - figure(base.sum(0))
    if np.isnan(changes).any():  # where few items can be judged, some draws have none
        return Change(value, float("nan"), float("nan"))
    changes.sort()
    return Change(value, float(changes[LEFT_OUT]), float(changes[-LEFT_OUT - 1]))
