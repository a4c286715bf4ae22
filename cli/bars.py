"""A histogram in block characters."""

import math

from sdrrl_data.tuning import Histogram, Passing

BLOCKS = " ▁▂▃▄▅▆▇█"
HEIGHT = 4  # lines
IN_FORCE, PROPOSED, BOTH = "▲", "△", "◆"
LEGEND = f"Bars: square root of the number of texts. Thresholds: {IN_FORCE} now, {PROPOSED} proposed, {BOTH} both."


def draw(histogram: Histogram, in_force: Passing | None, proposed: Passing | None) -> str:
    """The bars, a line that marks the thresholds, and the scale. Each bar is one character wide."""
    return "\n".join([*_bars(histogram), _marks(histogram, in_force, proposed), _scale(histogram)])


def small(histogram: Histogram, width: int) -> str:
    """The bars in one line of this width, which divides their number."""
    counts = histogram.counts.reshape(width, -1).sum(axis=1)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[math.ceil(math.sqrt(count / counts.max()) * steps)] for count in counts)


def _bars(histogram: Histogram) -> list[str]:
    """The lines from top to bottom. A bar that is not empty is always visible."""
    steps = len(BLOCKS) - 1
    highest = math.sqrt(max(histogram.counts))
    heights = [math.ceil(math.sqrt(count) / highest * HEIGHT * steps) for count in histogram.counts]
    return [
        "".join(BLOCKS[min(max(height - line * steps, 0), steps)] for height in heights)
        for line in reversed(range(HEIGHT))
    ]


def _marks(histogram: Histogram, in_force: Passing | None, proposed: Passing | None) -> str:
    line = [" "] * len(histogram.counts)
    for passing, mark in ((in_force, IN_FORCE), (proposed, PROPOSED)):
        for bound in passing or ():
            if bound is not None:
                place = histogram.bar(bound)
                if place is not None:
                    line[place] = mark if line[place] in (" ", mark) else BOTH
    return "".join(line)


def _scale(histogram: Histogram) -> str:
    """The lowest, middle and highest value, each under its bar."""
    width = len(histogram.counts)
    low = ("≤" if histogram.below else "") + short(histogram.low)
    high = ("≥" if histogram.above else "") + short(histogram.high)
    if histogram.low == histogram.high:
        return low
    line = short((histogram.low + histogram.high) / 2).center(width)
    return low + line[len(low) : width - len(high)] + high


def short(value: float) -> str:
    """A number in a few characters."""
    return f"{value:.3g}"
