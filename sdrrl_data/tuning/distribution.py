"""How the values of a score are spread."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.tuning.proposals import Values, percentile

BARS = 40
SHOWN = (0.01, 0.05, 0.5, 0.95)  # percentiles
FAR = 2.0  # times the distance between the 1st and the 99th percentile: values farther out are beyond the bars


class Histogram(NamedTuple):
    """Bars of equal width from `low` to `high`. The first and the last bar also hold the values beyond them."""

    low: float
    high: float
    counts: NDArray[np.int64]
    below: int  # values beyond `low`, counted in the first bar
    above: int

    def bar(self, value: float) -> int | None:
        """The number of the bar that holds a value; None if it is not between `low` and `high`."""
        if not self.low <= value <= self.high or self.low == self.high:
            return None
        return min(int((value - self.low) / (self.high - self.low) * len(self.counts)), len(self.counts) - 1)


class Distribution(NamedTuple):
    """The values of one score of one text."""

    values: int
    nulls: int  # texts that could not be judged
    percentiles: dict[float, float]  # share -> the highest value with at most this share of values below it
    histogram: Histogram


def distribution(values: Values, nulls: int = 0) -> Distribution:
    """How the values of a score are spread.

    Args:
        values: at least one, in any order, without nulls and NaN.
        nulls: how many texts have none.
    """
    ordered = np.sort(values, kind="stable")  # quick if they are sorted already
    return Distribution(len(ordered), nulls, {share: percentile(ordered, share) for share in SHOWN}, histogram(ordered))


def histogram(values: Values, bars: int = BARS) -> Histogram:
    """Values in bars from the lowest to the highest. Single values that lie far out go into the outermost bars.

    Args:
        values: at least one, without nulls and NaN.
        bars: how many.
    """
    first, last = np.quantile(values, [0.01, 0.99], method="inverted_cdf")
    low = max(values.min(), first - FAR * (last - first))
    high = min(values.max(), last + FAR * (last - first))
    counts, _ = np.histogram(np.clip(values, low, high), bins=bars, range=(low, high))
    return Histogram(float(low), float(high), counts, int((values < low).sum()), int((values > high).sum()))
