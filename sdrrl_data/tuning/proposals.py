"""A threshold proposed from the distribution of a score.

OpusFilter (Aulamo et al. 2020, https://aclanthology.org/2020.acl-demos.20) has `opusfilter-autogen`: it either drops a
percentile of each score, or divides the rows by k-means into two clusters and takes the centre of the noisy cluster as
the threshold. But that centre keeps the better half of the noise, and k-means finds two clusters in any data, even if
nothing is bad. So here the threshold is where a person would put it: in the valley between a small group of bad values
and all others. Only a valley that is too deep to be chance counts. Without one, a small percentile is dropped, as in
OpusFilter.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.recipe.components import Better

Values = NDArray[np.float64]

LEAST_VALUES = 200  # with fewer, the first percentile is only one or two values
MOST_DROPPED = 0.2  # share of the values, on both sides together
CAUTIOUS = 0.01  # share that is dropped at most if there is no valley
LEAST_GROUP = 0.001  # share of the values that counts as a group of bad values; fewer may be chance
DEEP = 3.0  # standard deviations (of chance) by which the bars beside a valley must be higher than those in it
MOST_BARS, FEWEST_BARS = 64, 16
WIDE = 5  # bars that are compared together
FEW_STEPS = 20  # values on a scale with at most this many steps are marks: each mark is a bar


class Edge(NamedTuple):
    """A proposed bound."""

    value: float
    valley: bool  # whether it separates a group of bad values from the others; otherwise it is a percentile


class Proposal(NamedTuple):
    """The values that should pass: from `min` to `max`."""

    min: Edge | None
    max: Edge | None
    why: str  # how the bounds were found, or why there are none

    @property
    def valley(self) -> bool:
        """Whether there is a group of bad values."""
        return any(edge is not None and edge.valley for edge in (self.min, self.max))


def proposal(values: Values, better: Better) -> Proposal:
    """The threshold that the distribution of a score suggests. It never drops more than `MOST_DROPPED` of the values.

    Args:
        values: of one score, in any order, without nulls and NaN. The same values give the same proposal.
        better: which of them are good.
    """
    ordered = np.sort(values, kind="stable")  # quick if they are sorted already
    if len(ordered) < LEAST_VALUES:
        return Proposal(None, None, f"too few values: {len(ordered)}, at least {LEAST_VALUES} are needed")
    if ordered[0] == ordered[-1]:
        return Proposal(None, None, "all values are the same")
    sides = 2 if better == "usual" else 1
    low = _edge(ordered, MOST_DROPPED / sides, CAUTIOUS / sides) if better != "less" else None
    high = _edge(-ordered[::-1], MOST_DROPPED / sides, CAUTIOUS / sides) if better != "more" else None
    if high:
        high = Edge(0.0 - high.value, high.valley)  # never -0.0
    if not low and not high:
        return Proposal(None, None, f"any threshold would drop more than {MOST_DROPPED:.0%}")
    valley = any(edge.valley for edge in (low, high) if edge)
    return Proposal(low, high, "valley" if valley else "percentile")


def percentile(ordered: Values, share: float) -> float:
    """The highest value with at most this share (0 to below 1) of the ordered values below it."""
    return float(ordered[int(share * len(ordered))])


def _edge(ordered: Values, most: float, cautious: float) -> Edge | None:
    """The lowest good value, if the low ones of these ordered values are bad."""
    worst, middle = ordered[0], ordered[len(ordered) // 2]
    equal_to_worst = int(np.searchsorted(ordered, worst, side="right"))
    better = float(ordered[equal_to_worst]) if equal_to_worst <= most * len(ordered) else None  # the next value
    if better is not None and better == ordered[-1]:  # there are only two values
        return Edge(better, valley=True)
    valley = _valley(ordered, most)
    value = percentile(ordered, cautious) if valley is None else valley
    if value == worst:  # nothing would be dropped
        if better is None:
            return None
        value = better
    lower = _short(value, (middle - worst) / MOST_BARS)
    return Edge(lower if lower > worst else value, valley is not None)


def _short(value: float, least: float) -> float:
    """A number with few digits that is lower by less than `least`; the number itself if `least` is almost 0."""
    if least < 1e-12:
        return value
    digits = -math.floor(math.log10(least))
    # A value with few digits may be slightly too low after the multiplication.
    scaled = math.floor(value * 10.0**digits + 1e-9)
    short = scaled / 10**digits if digits > 0 else float(scaled * 10**-digits)
    return min(short, value)


def _valley(ordered: Values, most: float) -> float | None:
    """The middle of the deepest valley between a group of low values and the others; None if there is no valley.

    At most the share `most` of the values is below it.
    """
    starts, bars, wide = _bars(ordered)
    if len(bars) < 2 * wide + 1:
        return None
    sums = np.convolve(bars, np.ones(wide), "valid")  # of each bar and the next ones, `wide` bars together
    inside = sums[wide:]
    group = np.maximum.accumulate(sums)[: len(inside)]  # the highest sum before it
    body = np.maximum.accumulate(sums[::-1])[::-1][wide:]  # the highest sum from it on
    depth = (group - inside) / np.sqrt(group + inside + 1)
    cuts = starts[wide + wide // 2 :][: len(inside)]
    below = np.searchsorted(ordered, cuts) / len(ordered)
    good = (depth >= DEEP) & (2 * inside <= np.minimum(group, body)) & (below >= LEAST_GROUP) & (below <= most)
    if not good.any():
        return None
    depth[~good] = -1
    last = len(depth) - 1 - int(np.argmax(depth[::-1]))  # of equal depths, the nearest to the good values
    first = last
    while first > 0 and depth[first - 1] == depth[last]:
        first -= 1
    return float(cuts[(first + last + 1) // 2])


def _bars(ordered: Values) -> tuple[Values, NDArray[np.int64], int]:
    """A histogram of the lower half: where each bar begins, its height, and how many bars to compare together."""
    lowest, middle = percentile(ordered, LEAST_GROUP), ordered[len(ordered) // 2]
    start, end = np.searchsorted(ordered, lowest), np.searchsorted(ordered, middle, side="right")
    lower = ordered[start:end]
    gaps = np.diff(lower)
    steps = 1 + np.flatnonzero(gaps)
    if np.all(gaps[steps - 1] * FEW_STEPS >= middle - lowest):  # marks on a scale, also if all are the same
        firsts = np.concatenate([[0], steps])
        return lower[firsts], np.diff(firsts, append=len(lower)), 1
    count = min(max(int(math.sqrt(len(lower))), FEWEST_BARS), MOST_BARS)
    heights, edges = np.histogram(lower, bins=count)
    return edges[:-1], heights, WIDE
