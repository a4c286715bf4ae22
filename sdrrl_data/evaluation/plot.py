"""A picture: each model's gain in the target language against its change in the source language."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdrrl_data.evaluation.kinds import FigureKind
from sdrrl_data.evaluation.results import Figure, Results
from sdrrl_data.run.disk import written

NAME = "gain.png"
COLUMNS = 3  # panels side by side
PANEL = 3.6  # inches, width and height
DOTS = 120  # per inch
MARKERS = "osD^v"  # the next where the colours begin again
COLOURS = 10  # of matplotlib's cycle
NAMES = 7  # of models in a line of the legend

Points = Mapping[str, tuple[Figure, Figure]]  # by model: in the source language, in the target language


def write(results: Results, path: Path) -> bool:
    """Write the picture: one panel for each kind of figure that was measured in both languages.

    Up is better in the target language, right is better in the source language, for every kind of figure. The same
    figures give the same bytes. A point is hollow where cut or empty texts differ from the base's.

    Returns:
        Whether there was anything to draw.
    """
    panels = _panels(results)
    if not panels:
        path.unlink(missing_ok=True)
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    drawing = Drawing(figsize=(PANEL * columns, PANEL * lines + 0.4), layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.subplots(lines, columns, squeeze=False).flat
    for kind, points in panels.items():
        _draw(next(axes), kind, points)
    for empty in axes:
        empty.set_axis_off()
    handles, labels = drawing.axes[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=min(NAMES, len(labels)), frameon=False)
    with written(path) as temporary:
        drawing.savefig(temporary, format="png", dpi=DOTS, metadata={"Software": None})
    return True


def _panels(results: Results) -> dict[FigureKind, Points]:
    """The kinds with figures in both languages, for each tuned model; figures that are NaN are left out."""
    sides: dict[FigureKind, dict[str, dict[str, Figure]]] = {}
    for figure in results.figures:
        if figure.change and not any(map(math.isnan, figure.change)):
            sides.setdefault(figure.measure.kind, {}).setdefault(figure.model, {})[figure.measure.side] = figure
    panels = {
        kind: {model: (both["src"], both["tgt"]) for model, both in models.items() if len(both) == 2}
        for kind, models in sides.items()
    }
    return {kind: points for kind, points in panels.items() if points}


def _draw(axes: Any, kind: FigureKind, points: Points) -> None:
    axes.axhline(0, color="0.7", linewidth=0.8)
    axes.axvline(0, color="0.7", linewidth=0.8)
    for number, (model, (src, tgt)) in enumerate(points.items()):
        (x, *across), (y, *up) = _gain(src), _gain(tgt)
        axes.errorbar(
            x,
            y,
            xerr=[[error] for error in across],
            yerr=[[error] for error in up],
            fmt=MARKERS[number // COLOURS % len(MARKERS)],
            color=f"C{number}",
            fillstyle="full" if src.comparable() and tgt.comparable() else "none",
            label=model,
        )
    first = next(iter(points.values()))
    verb = "saved" if kind.better == "lower" else "gained"
    axes.set_title(kind.title, fontsize=9)
    axes.set_xlabel(f"{verb} in {first[0].measure.language.name}", fontsize=9)
    axes.set_ylabel(f"{verb} in {first[1].measure.language.name}", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.ticklabel_format(useOffset=False)


def _gain(figure: Figure) -> tuple[float, float, float]:
    """A change, positive if it is for the better, and how far its interval reaches below and above it."""
    assert figure.change is not None
    value, low, high = figure.change
    if figure.measure.kind.better == "lower":
        value, low, high = -value, -high, -low
    return value, max(value - low, 0.0), max(high - value, 0.0)
