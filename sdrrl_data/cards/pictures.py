"""A picture of how a target's scores are spread, and where their thresholds cut."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data import languages
from sdrrl_data.recipe import Recipe, score_tables
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.steps import verdicts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, HIGH = 3, 1.75  # scores in a row; inches of a row
WIDTH, DPI = 9.0, 100  # inches, and pixels of one
LETTERS = 120  # in a line below
BARS = 40
FAR = 2.0  # times the distance of the 1st from the 99th percentile: what lies farther out stands in the outermost bars
AREA = "#a9cce8"  # told apart without their colours, too: by how dark they are
SHADES = {"question": "#4a8fc7", "answer": "#123f6d"}
FAILING = "#c2410c"
LEGEND = (
    "Light area: questions, dark line: answers, as shares of those that have the score; square roots are drawn, so\n"
    "that small groups show. Dashed: the threshold, of one of them alone in its shade; the shaded side fails it."
)


class _Text(NamedTuple):
    """The values of one score of questions or of answers, and what is asked of them."""

    values: NDArray[np.float64]
    without: int  # texts that have no score
    cut: verdicts.Cut

    def bounds(self) -> list[float]:
        return [limit.value for limit in (self.cut.min, self.cut.max) if limit]

    def failing(self) -> float:
        """The share of the values that fails."""
        least, most = (limit.value if limit else None for limit in (self.cut.min, self.cut.max))
        low = 0.0 if least is None else np.mean(self.values < least)
        return float(low + (0.0 if most is None else np.mean(self.values > most)))


_Score = Mapping[str, _Text]  # "question", "answer" or both


def scores(run: Run, manifest: Manifest, tag: str) -> bytes:
    """`figure` as a PNG of 900 pixels' width. The same run gives the same bytes, with the same matplotlib."""
    import matplotlib.style

    content = BytesIO()
    with matplotlib.style.context("default"):  # not the user's own
        figure(run, manifest, tag).savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def figure(run: Run, manifest: Manifest, tag: str) -> "Figure":
    """How the scores of a target are spread: each that has a threshold, and whose values differ.

    Args:
        run: has the tables of scores.
        manifest: of the run; its recipe names the scorers and the thresholds.
        tag: of the target.
    """
    from matplotlib.figure import Figure

    recipe = recipe_of(run, manifest)
    found = _read(run, recipe, tag)
    shown = {name: score for name, score in found.items() if any(np.ptp(own.values) > 0 for own in score.values())}
    rows = max(1, ceil(len(shown) / WIDE))
    made = Figure((WIDTH, 0.95 + HIGH * rows), DPI, layout="constrained")
    pair = " and ".join(languages.find(language).name for language in (recipe.src, tag))
    made.suptitle(f"Scores of questions and answers in {pair}", fontsize=11)
    for place, (name, score) in enumerate(shown.items(), 1):
        _draw(made.add_subplot(rows, WIDE, place), name, score)
    same = ", ".join(name for name in found if name not in shown)
    below = [LEGEND, fill(f"Not drawn, because all values are the same: {same}.", LETTERS)] if same else [LEGEND]
    made.supxlabel("\n".join(below), fontsize=7.5, x=0.01, ha="left")
    return made


def _read(run: Run, recipe: Recipe, tag: str) -> dict[str, _Score]:
    """Each score that has a threshold and values, in the order of the thresholds."""
    found: dict[str, dict[str, _Text]] = {}
    for table in score_tables(recipe.scorers):
        rows = run.table(f"{tag}/{table}").read_all()
        for cut in verdicts.cuts(recipe.thresholds, rows, recipe.src, tag):
            if cut.column in rows.columns:
                values = rows[cut.column].filter(rows[cut.column].is_finite())
                if not values.is_empty():
                    text, _, score = cut.column.partition("_")
                    found.setdefault(score, {})[text] = _Text(values.to_numpy(), rows.height - len(values), cut)
    order = list(recipe.thresholds)
    places = {score: min(order.index(own.cut.filter) for own in texts.values()) for score, texts in found.items()}
    return {
        score: {text: found[score][text] for text in SHADES if text in found[score]}
        for score in sorted(found, key=places.__getitem__)
    }


def _draw(axes: "Axes", name: str, score: _Score) -> None:
    low, high = _ends(list(score.values()))
    edges = np.linspace(low, high, BARS + 1)
    alike = len({tuple(own.bounds()) for own in score.values()}) == 1
    for text, own in score.items():
        shares = np.histogram(np.clip(own.values, low, high), edges)[0] / len(own.values)
        if text == "question":
            axes.stairs(shares, edges, fill=True, color=AREA)
        else:
            axes.stairs(shares, edges, color=SHADES[text], linewidth=1.1)
        for limit, end in ((own.cut.min, low), (own.cut.max, high)):
            if limit:
                axes.axvline(limit.value, color=FAILING if alike else SHADES[text], linestyle="--", linewidth=1)
                axes.axvspan(end, limit.value, color=FAILING, alpha=0.06, linewidth=0, zorder=0)
    axes.set_xlim(low, high)
    axes.set_yscale("function", functions=(np.sqrt, np.square))
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.locator_params(axis="x", nbins=6)
    axes.set_title(name, fontsize=9, fontfamily="monospace", loc="left")
    axes.set_xlabel("\n".join(_caption(text, own) for text, own in score.items()), fontsize=7.5, loc="left")


def _ends(texts: Sequence[_Text]) -> tuple[float, float]:
    """From where to where the bars go: all values but single ones that lie far out, and the thresholds."""
    bounds = [bound for own in texts for bound in own.bounds()]
    lowest, highest = [], []
    for own in texts:
        first, last = np.quantile(own.values, [0.01, 0.99], method="inverted_cdf")
        lowest.append(max(own.values.min(), first - FAR * (last - first)))
        highest.append(min(own.values.max(), last + FAR * (last - first)))
    low, high = float(min(lowest + bounds)), float(max(highest + bounds))
    room = (high - low) / BARS  # where a threshold stands at the end, so that it can be seen
    return low - room * (low in bounds), high + room * (high in bounds)


def _caption(text: str, own: _Text) -> str:
    """The threshold, the share that fails it, and how many texts have no score."""
    limits = (("≥", own.cut.min), ("≤", own.cut.max))
    asked = ", ".join(f"{sign} {_written(limit)}" for sign, limit in limits if limit)
    fails = f"weigh {own.cut.weight:g}" if own.cut.weight else "fall"
    without = f", {own.without:,} without score" if own.without else ""
    return f"{text}s {asked}: {own.failing():.2%} {fails}{without}"


def _written(limit: verdicts.Limit) -> str:
    return f"{limit.value:.4g}" + (f" ({limit.percentile})" if limit.percentile else "")
