"""A threshold proposed from the distribution of a score.

OpusFilter (Aulamo et al. 2020, https://aclanthology.org/2020.acl-demos.20) has `opusfilter-autogen`: it either leaves
out a percentile of each score, or parts the rows by k-means with two clusters and takes the centre of the noisy one.
That centre keeps the better half of the noise, and k-means finds two clusters in anything, also where nothing is bad.
So here the cut goes where it would be put by eye: into the valley between a small group of bad values and all others.
Only a valley that is too deep for chance counts; without one, a small percentile is left out, as there.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.recipe.components import Better

Values = NDArray[np.float64]

LEAST_VALUES = 200  # of fewer, the first percentile is a value or two
MOST_DROPPED = 0.2  # share of the values; on both sides together
CAUTIOUS = 0.01  # share that is dropped at most where there is no valley
LEAST_GROUP = 0.001  # share of the values that makes a group of bad ones; what lies farther out is left to chance
DEEP = 3.0  # standard deviations by which the bars beside a valley are higher than those in it, if all came by chance
MOST_BARS, FEWEST_BARS = 64, 16
WIDE = 5  # bars that are looked at together
FEW_STEPS = 20  # values that lie so many steps apart at most are marks on a scale: each is a bar


class Edge(NamedTuple):
    """A bound that is proposed."""

    value: float
    valley: bool  # whether it parts a group of bad values from the others; else it is a percentile


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
    ordered = np.sort(values, kind="stable")  # quick where they are in order already
    if len(ordered) < LEAST_VALUES:
        return Proposal(None, None, f"too few values: {len(ordered)}, it takes {LEAST_VALUES}")
    if ordered[0] == ordered[-1]:
        return Proposal(None, None, "all values are the same")
    sides = 2 if better == "usual" else 1
    low = _edge(ordered, MOST_DROPPED / sides, CAUTIOUS / sides) if better != "less" else None
    high = _edge(-ordered[::-1], MOST_DROPPED / sides, CAUTIOUS / sides) if better != "more" else None
    if high:
        high = Edge(0.0 - high.value, high.valley)  # never -0.0
    if not low and not high:
        return Proposal(None, None, f"any cut would drop more than {MOST_DROPPED:.0%}")
    valley = any(edge.valley for edge in (low, high) if edge)
    return Proposal(low, high, "valley" if valley else "percentile")


def percentile(ordered: Values, share: float) -> float:
    """The highest value below which at most this share (from 0, less than 1) of the ordered values lies."""
    return float(ordered[int(share * len(ordered))])


def _edge(ordered: Values, most: float, cautious: float) -> Edge | None:
    """The value from which on all are good, of ordered values of which the low ones are bad."""
    worst, middle = ordered[0], ordered[len(ordered) // 2]
    worst_ones = int(np.searchsorted(ordered, worst, side="right"))
    better = float(ordered[worst_ones]) if worst_ones <= most * len(ordered) else None  # the next value
    if better is not None and better == ordered[-1]:  # yes or no
        return Edge(better, valley=True)
    found = _valley(ordered, most)
    value = percentile(ordered, cautious) if found is None else found
    if value == worst:  # nothing would be dropped
        if better is None:
            return None
        value = better
    lower = _short(value, (middle - worst) / MOST_BARS)
    return Edge(lower if lower > worst else value, found is not None)


def _short(value: float, least: float) -> float:
    """A number of few digits that is lower by less than `least` (or the number itself, where that is next to 0)."""
    if least < 1e-12:
        return value
    digits = -math.floor(math.log10(least))
    # A value that is such a number already may be a hair below it when multiplied.
    scaled = math.floor(value * 10.0**digits + 1e-9)
    short = scaled / 10**digits if digits > 0 else float(scaled * 10**-digits)
    return min(short, value)


def _valley(ordered: Values, most: float) -> float | None:
    """The middle of the deepest valley between a group of low values and the others, if there is one.

    At most the share `most` of the values is below it.
    """
    starts, bars, wide = _bars(ordered)
    if len(bars) < 2 * wide + 1:
        return None
    sums = np.convolve(bars, np.ones(wide), "valid")  # of `wide` bars, the first of which is this one
    inside = sums[wide:]
    group = np.maximum.accumulate(sums)[: len(inside)]  # the highest before it
    body = np.maximum.accumulate(sums[::-1])[::-1][wide:]  # from it on
    depth = (group - inside) / np.sqrt(group + inside + 1)
    cuts = starts[wide + wide // 2 :][: len(inside)]
    below = np.searchsorted(ordered, cuts) / len(ordered)
    good = (depth >= DEEP) & (2 * inside <= np.minimum(group, body)) & (below >= LEAST_GROUP) & (below <= most)
    if not good.any():
        return None
    depth[~good] = -1
    last = len(depth) - 1 - int(np.argmax(depth[::-1]))  # the nearest to the good values, of equal ones
    first = last
    while first > 0 and depth[first - 1] == depth[last]:
        first -= 1
    return float(cuts[(first + last + 1) // 2])


def _bars(ordered: Values) -> tuple[Values, NDArray[np.int64], int]:
    """A histogram of the lower half: where each bar begins, its height, and how many bars to look at together."""
    lowest, middle = percentile(ordered, LEAST_GROUP), ordered[len(ordered) // 2]
    start, end = np.searchsorted(ordered, lowest), np.searchsorted(ordered, middle, side="right")
    lower = ordered[start:end]
    gaps = np.diff(lower)
    steps = 1 + np.flatnonzero(gaps)
    if np.all(gaps[steps - 1] * FEW_STEPS >= middle - lowest):  # marks on a scale, also where they all are the same
        firsts = np.concatenate([[0], steps])
        return lower[firsts], np.diff(firsts, append=len(lower)), 1
    count = min(max(int(math.sqrt(len(lower))), FEWEST_BARS), MOST_BARS)
    heights, edges = np.histogram(lower, bins=count)
    return edges[:-1], heights, WIDE
