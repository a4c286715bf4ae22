"""The figures of every model: each measure with its change against the base."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from sdrrl_data.evaluation.arms import BASE, Arm
from sdrrl_data.evaluation.bootstrap import RESAMPLES, Change, Statistics, change
from sdrrl_data.evaluation.judge import Judge
from sdrrl_data.evaluation.measures import Measure


class Verdicts(NamedTuple):
    """How many questions a judge decided how."""

    wins: int  # both orders prefer the model's answer
    ties: int
    losses: int  # both orders prefer the base's
    undecided: int  # a reply was no verdict

    def __str__(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in self._asdict().items())


class Figure(NamedTuple):
    """What a model scores in a measure."""

    arm: str
    measure: Measure
    value: float  # nan where no item could be measured
    items: int  # that were measured
    change: Change | None  # against the base; None of the base itself
    verdicts: Verdicts | None = None  # of a judge, on a tuned model

    def better(self) -> bool | None:
        """Whether it gained (False: lost) beyond what the choice of items explains; None where that cannot be told."""
        if self.change is None or not (self.change.low > 0 or self.change.high < 0):
            return None
        return (self.change.value > 0) == (self.measure.kind.better == "higher")


class Results(NamedTuple):
    """All figures of an evaluation, and what made them."""

    arms: Sequence[Arm]
    figures: Sequence[Figure]  # measure by measure, the base first
    left_out: Sequence[str]  # what was not measured, and why: a sentence each
    signature: str
    judge: Judge | None = None

    def judged(self) -> list[Figure]:
        """The figures that the judge gave tuned models."""
        return [figure for figure in self.figures if figure.verdicts]

    def of(self, arm: str) -> list[Figure]:
        """The figures of a model."""
        return [figure for figure in self.figures if figure.arm == arm]

    def as_json(self) -> str:
        """Everything, with nothing of this machine in it."""
        content: dict[str, Any] = {
            "signature": self.signature,
            "resamples": RESAMPLES,
            "models": [
                {"name": arm.name, "model": arm.model.name, "revision": arm.identity(), "adapter": bool(arm.adapter)}
                for arm in self.arms
            ],
            "figures": [_as_json(figure) for figure in self.figures],
            "left_out": list(self.left_out),
        }
        if self.judge:
            name, revision = self.judge.made_of.identity()
            content["judge"] = {"name": name, "revision": revision, "is": self.judge.is_among(self.arms)}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def figures(measure: Measure, rows: Mapping[str, pl.DataFrame], seed: int) -> list[Figure]:
    """The figure of each model.

    Args:
        measure: what was measured.
        rows: by model, of the same items: their `statistics`.
        seed: of the resampling.
    """
    statistics = {arm: np.array(own["statistics"].to_list(), dtype=np.float64) for arm, own in rows.items()}
    if measure.kind.by == "likelihood":
        # What did not fit into one model's context is compared for none.
        fits = np.logical_and.reduce([own[:, -1] > 0 for own in statistics.values()])
        statistics = {arm: own[fits] for arm, own in statistics.items()}
    base, figure = statistics[BASE], measure.kind.figure
    return [
        Figure(
            arm,
            measure,
            figure(own.sum(0)),
            _counted(measure, own),
            None if arm == BASE else change(base, own, figure, seed) if len(own) else Change(*[math.nan] * 3),
            _verdicts(own) if measure.kind.by == "judge" and arm != BASE else None,
        )
        for arm, own in statistics.items()
    ]


def _counted(measure: Measure, statistics: Statistics) -> int:
    return len(statistics) if measure.kind.name == "chrf" else int((statistics[:, -1] > 0).sum())


def _verdicts(statistics: Statistics) -> Verdicts:
    points, decided = statistics.T
    wins, ties, undecided = (int(found.sum()) for found in (points == 1, points == 0.5, decided == 0))
    return Verdicts(wins, ties, len(points) - wins - ties - undecided, undecided)


def _as_json(figure: Figure) -> dict[str, Any]:
    kind = figure.measure.kind
    own = {
        "model": figure.arm,
        "measure": kind.name,
        "language": figure.measure.language.tag,
        "side": figure.measure.side,
        "unit": kind.title,
        "better": kind.better,
        "favours": kind.favours,
        "items": figure.items,
        "value": _number(figure.value),
    }
    if figure.change:
        own["change"] = dict(zip(("value", "low", "high"), map(_number, figure.change), strict=True))
    if figure.verdicts:
        own["verdicts"] = figure.verdicts._asdict()
    return own


def _number(value: float) -> float | None:
    """Rounded, so that the last bits of another order of sums do not show."""
    return None if math.isnan(value) else round(float(value), 6)
