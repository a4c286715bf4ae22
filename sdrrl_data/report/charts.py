"""The charts of a page: how scores, lengths and shares of switched words are spread."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from sdrrl_data.cards import pictures
from sdrrl_data.report import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 3.4, 1.3  # inches: as wide as a phone, where a chart is shown at its size
BARS = 32
Values = NDArray[np.float64]


def score(name: str, label: str, spread: pictures.Spread) -> Markup:
    """How a score of questions and answers is spread, with its thresholds.

    Args:
        name: of the chart in its page.
        label: what it shows, in words.
        spread: from `pictures.read`.
    """
    figure, axes = _empty()
    pictures.draw(axes, spread)
    return svg.inline(figure, name, label)


def lengths(name: str, label: str, characters: Mapping[str, Values]) -> Markup:
    """How long the texts of one language side are: questions as an area, answers as a line.

    Args:
        name: of the chart in its page.
        label: what it shows, in words.
        characters: "question", "answer" -> the length of each text; all of them at least 1.
    """
    figure, axes = _empty()
    longest = max(float(values.max()) for values in characters.values())
    shortest = min(float(values.min()) for values in characters.values())
    edges = np.geomspace(max(1, shortest), max(longest, shortest + 1), BARS + 1)
    axes.set_xscale("log")
    for text, values in characters.items():
        shares = np.histogram(values, edges)[0] / len(values)
        if text == "question":
            axes.stairs(shares, edges, fill=True, color=pictures.AREA)
        else:
            axes.stairs(shares, edges, color=pictures.SHADES[text], linewidth=1.1)
    _tidy(axes)
    ticks = [tick for power in range(7) for tick in (10**power, 3 * 10**power) if edges[0] <= tick <= edges[-1]]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(edges[0], edges[-1])
    return svg.inline(figure, name, label)


def switched(name: str, label: str, reached: Values, asked: float) -> Markup:
    """The share of the words of each text that was switched, and the share asked for.

    Args:
        name: of the chart in its page.
        label: what it shows, in words.
        reached: of each row, from 0 to 1.
        asked: the same.
    """
    figure, axes = _empty()
    top = min(1.0, max(0.1, asked * 1.5, float(np.quantile(reached, 0.99)) * 1.1))
    edges = np.linspace(0, top, BARS + 1)
    axes.stairs(np.histogram(np.clip(reached, 0, top), edges)[0] / len(reached), edges, fill=True, color=pictures.AREA)
    axes.axvline(asked, color=pictures.FAILING, linestyle="--", linewidth=1)
    _tidy(axes)
    axes.set_xlim(0, top)
    return svg.inline(figure, name, label)


def _empty() -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, HEIGHT))
    return figure, figure.add_axes((0.04, 0.2, 0.92, 0.78))  # room for the numbers below; nothing stands on the sides


def _tidy(axes: "Axes") -> None:
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=7.5)


def in_words(values: Sequence[float] | Values) -> str:
    """The smallest, the middle and the greatest of some lengths, in words."""
    low, middle, high = (int(value) for value in np.quantile(values, [0, 0.5, 1], method="inverted_cdf"))
    return f"{low:,} to {high:,}, half of them up to {middle:,}"
