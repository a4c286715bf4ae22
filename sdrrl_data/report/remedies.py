"""Which looser bounds would keep the pairs of a target that has lost nearly all of them."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps import verdicts
from sdrrl_data.steps.reasons import outside

FEW = 0.1  # of the pairs: a target that keeps less has lost nearly everything
ENOUGH = 0.25  # of the pairs: bounds are loosened until so many are kept
MOST = 3  # bounds that are loosened together
SHARE = 0.9  # of the pairs that all other bounds keep: so many pass a looser one
DIGITS = 2  # of a looser bound
TINY = 1e-300  # below it, a number has no digits to count


class Edge(NamedTuple):
    """One bound of one filter. Its values are turned round where less is better, so that low ones are dropped."""

    filter: str
    name: str  # in the recipe: "min" or "max"
    threshold: str  # as a verdict has it
    worst: NDArray[np.float64]  # of each pair, the value of its worse text; NaN if it has none
    least: float  # that passes

    @property
    def drops(self) -> NDArray[np.bool_]:
        """The pairs that it drops."""
        return np.less(self.worst, self.least)

    def loosened(self, pairs: NDArray[np.bool_]) -> "Edge":
        """A looser bound, in few digits, that most of these pairs pass."""
        values = np.sort(self.worst[pairs & ~np.isnan(self.worst)])
        value = values[len(values) - ceil(SHARE * len(values))] if len(values) else self.least
        return self._replace(least=min(self.least, _rounded_down(float(value))))

    @property
    def value(self) -> float:
        """The bound as the recipe has it."""
        return self.least if self.name == "min" else 0.0 - self.least


class Remedy(NamedTuple):
    """Looser bounds, and what they would keep."""

    tag: str
    now: list[Edge]
    looser: list[Edge]
    kept: int  # pairs that every filter keeps
    keeps: int  # that it would then keep

    def why(self) -> str:
        """Which bounds drop how many pairs."""
        drops = " and ".join(f"{e.filter} {outside(e.threshold)} drops {e.drops.sum():,}" for e in self.now)
        kept = f"{self.kept:,} {'is' if self.kept == 1 else 'are'} kept"
        return f"of {len(self.now[0].worst):,} pairs of {self.tag}, {drops}, and {kept}"

    def command(self, manifest: Manifest, folder: str) -> str:
        """The command that loosens these bounds, for a run in this folder."""
        of_target = manifest.recipe.get("targets", {}).get(self.tag, {}).get("thresholds", {})
        place = {edge.filter: f"targets.{self.tag}." if edge.filter in of_target else "" for edge in self.looser}
        settings = (f" --set {place[e.filter]}thresholds.{e.filter}.{e.name}={e.value:g}" for e in self.looser)
        return f"sdrrl-data generate --out {folder}{''.join(settings)}"


def of(run: Run, manifest: Manifest) -> list[Remedy]:
    """The remedies for those targets that keep hardly any pair, as far as bounds are to blame."""
    remedies = []
    for tag, target in manifest.counts.targets.items():
        if target.kept < FEW * target.pairs:
            content = manifest.target_recipe(tag).get("thresholds", {})
            thresholds = {name: ThresholdConfig.model_validate(threshold) for name, threshold in content.items()}
            tables = [table for table in manifest.tables if table.startswith(f"{tag}/scores-")]
            scores = verdicts.scores_of_run(run, tables, thresholds)
            remedies.append(remedy(tag, scores, verdicts.cuts(thresholds, scores)))
    return list(filter(None, remedies))


def remedy(tag: str, scores: pl.DataFrame, cuts: Sequence[verdicts.Cut]) -> Remedy | None:
    """Looser bounds for a target; None if they would keep no more.

    One bound after another is loosened until a quarter of the pairs is kept: each time the one without which most are.

    Args:
        tag: of the target.
        scores: of all its pairs.
        cuts: what its thresholds require.
    """
    rest: list[Edge] = _edges(scores, cuts)
    now: list[Edge] = []

    def kept(edges: Sequence[Edge]) -> int:
        return int(_passing(edges, scores.height).sum())

    before = kept(rest)
    while len(now) < MOST and any(edge.drops.any() for edge in rest):
        without = {
            place: (kept(rest[:place] + rest[place + 1 :]), int(edge.drops.sum())) for place, edge in enumerate(rest)
        }
        now.append(rest.pop(max(without, key=lambda place: without[place])))
        if kept(rest) >= ENOUGH * scores.height:
            break
    passing = _passing(rest, scores.height)
    looser = [edge.loosened(passing) for edge in now]
    after = kept([*rest, *looser])
    return Remedy(tag, now, looser, before, after) if after > before else None


def _edges(scores: pl.DataFrame, cuts: Sequence[verdicts.Cut]) -> list[Edge]:
    """The bounds beyond which a text is dropped, each with the values of all texts that it judges."""
    columns: dict[tuple[str, str, str, float], list[str]] = {}
    for cut in cuts:
        for name, sign, limit in (("min", ">=", cut.min), ("max", "<=", cut.max)):
            if limit and not cut.weight and cut.column in scores.columns:
                columns.setdefault((cut.filter, name, f"{sign} {limit}", limit.value), []).append(cut.column)
    edges = []
    for (filter, name, threshold, value), judged in columns.items():
        turn = 1.0 if name == "min" else -1.0
        values = (turn * pl.col(column).cast(pl.Float64).fill_nan(None) for column in judged)
        worst = scores.select(pl.min_horizontal(values))
        edges.append(Edge(filter, name, threshold, worst.to_series().cast(pl.Float64).to_numpy(), turn * value))
    return edges


def _passing(edges: Sequence[Edge], pairs: int) -> NDArray[np.bool_]:
    dropped = np.zeros(pairs, bool)
    for edge in edges:
        dropped |= edge.drops
    return ~dropped


def _rounded_down(value: float) -> float:
    """The next lower number of few digits."""
    if abs(value) < TINY:
        return -TINY if value < 0 else 0.0
    scale = 10.0 ** (DIGITS - 1 - floor(log10(abs(value))))
    return floor(round(value * scale, 6)) / scale
