"""A picture of how the scores of a target are spread, and of the thresholds."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data import languages
from sdrrl_data.recipe import Recipe, score_tables
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.shown import percent
from sdrrl_data.steps import verdicts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, ROW_HEIGHT = 3, 1.75  # scores in a row; inches
WIDTH, DPI = 9.0, 100  # inches; pixels of an inch
LINE_LENGTH = 120  # characters in a line below the scores
BARS = 40
FAR = 2.0  # times the distance between the 1st and the 99th percentile: values farther out go into the outermost bars
AREA = "#a9cce8"  # light and dark, so that they differ in print and for the colour-blind
SHADES = {"question": "#4a8fc7", "answer": "#123f6d"}
FAILING = "#c2410c"
LEGEND = (
    "Light area: questions. Dark line: answers. Height: the square root of their share, so that small groups show.\n"
    "Dashed line: the threshold, in blue if questions and answers have different ones. Texts on the shaded side fail."
)


class TextScores(NamedTuple):
    """The values of one score, of questions or of answers, and its threshold."""

    values: NDArray[np.float64]
    not_scored: int  # texts that have no score
    cut: verdicts.Cut

    def bounds(self) -> list[float]:
        """The values of the threshold."""
        return [limit.value for limit in (self.cut.min, self.cut.max) if limit]

    def failing(self) -> float:
        """The share of the values that fail."""
        least, most = (limit.value if limit else None for limit in (self.cut.min, self.cut.max))
        too_low = 0.0 if least is None else np.mean(self.values < least)
        return float(too_low + (0.0 if most is None else np.mean(self.values > most)))


Spread = Mapping[str, TextScores]  # of one score: of questions ("question"), answers ("answer") or both


def scores(run: Run, manifest: Manifest, tag: str) -> bytes:
    """`figure` as a PNG that is 900 pixels wide. The same run and the same matplotlib give the same bytes."""
    import matplotlib.style

    content = BytesIO()
    with matplotlib.style.context("default"):  # not the user's style
        figure(run, manifest, tag).savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def figure(run: Run, manifest: Manifest, tag: str) -> "Figure":
    """How the scores of a target are spread: of each score that has a threshold and more than one value.

    Args:
        run: has the tables of scores.
        manifest: of the run; its recipe names the scorers and the thresholds.
        tag: of the target.
    """
    from matplotlib.figure import Figure

    recipe = recipe_of(run, manifest).for_target(tag)
    all_scores = read(run, recipe, tag)
    drawn = {name: spread for name, spread in all_scores.items() if varies(spread)}
    rows = max(1, ceil(len(drawn) / COLUMNS))
    picture = Figure((WIDTH, 0.95 + ROW_HEIGHT * rows), DPI, layout="constrained")
    pair = " and ".join(languages.find(language).name for language in (recipe.src, tag))
    picture.suptitle(f"Scores of questions and answers in {pair}", fontsize=11)
    for place, (name, spread) in enumerate(drawn.items(), 1):
        axes = picture.add_subplot(rows, COLUMNS, place)
        draw(axes, spread)
        axes.set_title(name, fontsize=9, fontfamily="monospace", loc="left")
        axes.set_xlabel("\n".join(captions(spread)), fontsize=7.5, loc="left")
    same = ", ".join(name for name in all_scores if name not in drawn)
    lines = [LEGEND, fill(f"Not drawn, because all values are the same: {same}.", LINE_LENGTH)] if same else [LEGEND]
    picture.supxlabel("\n".join(lines), fontsize=7.5, x=0.01, ha="left")
    return picture


def read(run: Run, recipe: Recipe, tag: str) -> dict[str, Spread]:
    """Each score that has a threshold and values, in the order of the thresholds.

    Args:
        run: has the tables of scores.
        recipe: as it holds for the target.
        tag: of the target.
    """
    by_score: dict[str, dict[str, TextScores]] = {}
    for table in score_tables(recipe.scorers):
        scored = run.table(f"{tag}/{table}")
        rows = scored.read_columns(verdicts.columns(recipe.thresholds)) if scored.parts() else pl.DataFrame()
        for cut in verdicts.cuts(recipe.thresholds, rows):
            if cut.column in rows.columns:
                values = rows[cut.column].filter(rows[cut.column].is_finite())
                if not values.is_empty():
                    text, _, score = cut.column.partition("_")
                    not_scored = rows.height - len(values)
                    by_score.setdefault(score, {})[text] = TextScores(values.to_numpy(), not_scored, cut)
    order = list(recipe.thresholds)
    places = {score: min(order.index(text.cut.filter) for text in texts.values()) for score, texts in by_score.items()}
    return {
        score: {text: by_score[score][text] for text in SHADES if text in by_score[score]}
        for score in sorted(by_score, key=places.__getitem__)
    }


def varies(spread: Spread) -> bool:
    """Whether there is something to draw: not all values are the same."""
    return any(np.ptp(text_scores.values) > 0 for text_scores in spread.values())


def draw(axes: "Axes", spread: Spread) -> None:
    """Draw how a score is spread, with its thresholds."""
    low, high = _ends(list(spread.values()))
    edges = np.linspace(low, high, BARS + 1)
    same_bounds = len({tuple(text_scores.bounds()) for text_scores in spread.values()}) == 1
    for text, text_scores in spread.items():
        shares = np.histogram(np.clip(text_scores.values, low, high), edges)[0] / len(text_scores.values)
        if text == "question":
            axes.stairs(shares, edges, fill=True, color=AREA)
        else:
            axes.stairs(shares, edges, color=SHADES[text], linewidth=1.1)
        for limit, end in ((text_scores.cut.min, low), (text_scores.cut.max, high)):
            if limit:
                axes.axvline(limit.value, color=FAILING if same_bounds else SHADES[text], linestyle="--", linewidth=1)
                axes.axvspan(end, limit.value, color=FAILING, alpha=0.06, linewidth=0, zorder=0)
    axes.set_xlim(low, high)
    axes.set_yscale("function", functions=(np.sqrt, np.square))
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.locator_params(axis="x", nbins=6)


def captions(spread: Spread) -> list[str]:
    """Of questions and of answers: the threshold, the share that fails it, and how many have no score."""
    return [_caption(text, text_scores) for text, text_scores in spread.items()]


def _ends(texts: Sequence[TextScores]) -> tuple[float, float]:
    """Where the bars begin and end: they hold all values, except single ones that lie far out, and the thresholds."""
    bounds = [bound for text_scores in texts for bound in text_scores.bounds()]
    lowest, highest = [], []
    for text_scores in texts:
        values = text_scores.values
        first, last = np.quantile(values, [0.01, 0.99], method="inverted_cdf")
        lowest.append(max(values.min(), first - FAR * (last - first)))
        highest.append(min(values.max(), last + FAR * (last - first)))
    low, high = float(min(lowest + bounds)), float(max(highest + bounds))
    margin = (high - low) / BARS  # shows a threshold that is at the end
    return low - margin * (low in bounds), high + margin * (high in bounds)


def _caption(text: str, text_scores: TextScores) -> str:
    cut = text_scores.cut
    limits = ", ".join(f"{sign} {_number(limit)}" for sign, limit in (("≥", cut.min), ("≤", cut.max)) if limit)
    then = f"get weight {cut.weight:g}" if cut.weight else "dropped"
    not_scored = f", {text_scores.not_scored:,} not scored" if text_scores.not_scored else ""
    return f"{text}s {limits}: {percent(text_scores.failing())} {then}{not_scored}"


def _number(limit: verdicts.Limit) -> str:
    return f"{limit.value:.4g}" + (f" ({limit.percentile})" if limit.percentile else "")
