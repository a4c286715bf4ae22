"""A picture: what each model gained in the target language against what it kept of the source language."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdrrl_data.evaluation.kinds import Kind
from sdrrl_data.evaluation.results import Figure, Results
from sdrrl_data.run.disk import written

NAME = "gain.png"
COLUMNS = 3  # panels beside each other
PANEL = 3.6  # inches, both ways
DOTS = 120  # an inch

Points = Mapping[str, tuple[Figure, Figure]]  # by model: in the source, and in the target language


def write(results: Results, path: Path) -> bool:
    """Write the picture, a panel a kind of figure that was taken in both languages; False where there is none.

    Up is a gain in the target language, to the right one in the source language, whichever way the figure counts. The
    same figures give the same bytes.
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
    drawing.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    with written(path) as temporary:
        drawing.savefig(temporary, format="png", dpi=DOTS, metadata={"Software": None})
    return True


def _panels(results: Results) -> dict[Kind, Points]:
    """What is drawn: kinds with figures of both languages, for each tuned model; what could not be measured is not."""
    found: dict[Kind, dict[str, dict[str, Figure]]] = {}
    for figure in results.figures:
        if figure.change and not any(own != own for own in figure.change):
            found.setdefault(figure.measure.kind, {}).setdefault(figure.arm, {})[figure.measure.side] = figure
    panels = {
        kind: {arm: (own["src"], own["tgt"]) for arm, own in arms.items() if len(own) == 2}
        for kind, arms in found.items()
    }
    return {kind: points for kind, points in panels.items() if points}


def _draw(axes: Any, kind: Kind, points: Points) -> None:
    axes.axhline(0, color="0.7", linewidth=0.8)
    axes.axvline(0, color="0.7", linewidth=0.8)
    for number, (arm, (src, tgt)) in enumerate(points.items()):
        (x, *across), (y, *up) = _gain(src), _gain(tgt)
        axes.errorbar(
            x, y, xerr=[[own] for own in across], yerr=[[own] for own in up], fmt="o", color=f"C{number}", label=arm
        )
    first = next(iter(points.values()))
    way = "saved" if kind.better == "lower" else "gained"
    axes.set_title(kind.title, fontsize=9)
    axes.set_xlabel(f"{way} in {first[0].measure.language.name}", fontsize=9)
    axes.set_ylabel(f"{way} in {first[1].measure.language.name}", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.ticklabel_format(useOffset=False)


def _gain(figure: Figure) -> tuple[float, float, float]:
    """A change for the better, and how far its interval reaches below and above it."""
    assert figure.change is not None
    value, low, high = figure.change
    if figure.measure.kind.better == "lower":
        value, low, high = -value, -high, -low
    return value, max(value - low, 0.0), max(high - value, 0.0)
