"""The results of an evaluation: figures with their changes against the base."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from sdrrl_data.evaluation.bootstrap import RESAMPLES, Change, Statistics, change
from sdrrl_data.evaluation.compared_models import BASE, ComparedModel
from sdrrl_data.evaluation.endings import Endings, compare
from sdrrl_data.evaluation.judge import Judge
from sdrrl_data.evaluation.measures import Measure

FEWEST = 20  # items: the resamples of fewer say little about other items


class Verdicts(NamedTuple):
    """How a judge decided, in numbers of questions."""

    wins: int  # both orders prefer the model's answer
    ties: int
    losses: int  # both orders prefer the base's
    undecided: int  # a reply was not a verdict

    def __str__(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in self._asdict().items())


class Figure(NamedTuple):
    """A model's figure in a measure."""

    model: str
    measure: Measure
    value: float  # NaN if no item could be measured
    items: int  # how many were measured
    change: Change | None  # against the base; None for the base itself
    verdicts: Verdicts | None = None  # of the judge, on a tuned model
    endings: Endings | None = None  # of the texts that it is of

    def comparable(self) -> bool:
        """Whether its texts ended as the base's did, as far as that shapes the figure."""
        return self.endings is None or not self.endings.differing

    def better(self) -> bool | None:
        """True if it gained and False if it lost significantly.

        None if the interval contains 0, or cannot be computed, if there are too few items, or if the texts cannot be
        compared with the base's.
        """
        if not self.comparable() or self.items < FEWEST:
            return None
        if self.change is None or not (self.change.low > 0 or self.change.high < 0):
            return None
        return (self.change.value > 0) == (self.measure.kind.better == "higher")


class Results(NamedTuple):
    """All figures of an evaluation, and its signature."""

    models: Sequence[ComparedModel]
    figures: Sequence[Figure]  # by measure, the base first in each
    left_out: Sequence[str]  # a sentence for each measure that was left out
    signature: str
    judge: Judge | None = None

    def judged(self) -> list[Figure]:
        """The figures of the judge's verdicts on tuned models."""
        return [figure for figure in self.figures if figure.verdicts]

    def of(self, model: str) -> list[Figure]:
        """The figures of a model."""
        return [figure for figure in self.figures if figure.model == model]

    def as_json(self) -> str:
        """All of it as JSON, without anything about this machine."""
        content: dict[str, Any] = {
            "signature": self.signature,
            "resamples": RESAMPLES,
            "models": [
                {
                    "name": model.name,
                    "model": model.located.name,
                    "revision": model.identity(),
                    "adapter": bool(model.adapter),
                }
                for model in self.models
            ],
            "figures": [_as_json(figure) for figure in self.figures],
            "left_out": list(self.left_out),
        }
        if self.judge:
            name, revision = self.judge.ingredient.identity()
            content["judge"] = {"name": name, "revision": revision, "is": self.judge.is_among(self.models)}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def figures(
    measure: Measure, rows: Mapping[str, pl.DataFrame], seed: int, texts: Mapping[str, pl.DataFrame] | None = None
) -> list[Figure]:
    """The figure of each model.

    Args:
        measure: what was measured.
        rows: by model, for the same items: column `statistics`.
        seed: for the resampling.
        texts: by model, those that it is of: columns `text` and `cut`.
    """
    endings = compare(texts, BASE, measure.kind.shaped_by, seed) if texts else {}
    statistics = {model: np.array(table["statistics"].to_list(), dtype=np.float64) for model, table in rows.items()}
    if measure.kind.by == "likelihood":
        # An item that does not fit into one model's context is left out for all models.
        fits = np.logical_and.reduce([values[:, -1] > 0 for values in statistics.values()])
        statistics = {model: values[fits] for model, values in statistics.items()}
    base, figure = statistics[BASE], measure.kind.figure
    return [
        Figure(
            model,
            measure,
            figure(values.sum(0)),
            _measured(measure, values),
            None if model == BASE else change(base, values, figure, seed) if len(values) else Change(*[math.nan] * 3),
            _verdicts(values) if measure.kind.by == "judge" and model != BASE else None,
            endings.get(model),
        )
        for model, values in statistics.items()
    ]


def _measured(measure: Measure, statistics: Statistics) -> int:
    """How many items could be measured."""
    return len(statistics) if measure.kind.name == "chrf" else int((statistics[:, -1] > 0).sum())


def _verdicts(statistics: Statistics) -> Verdicts:
    points, decided = statistics.T
    wins, ties, undecided = (int(matches.sum()) for matches in (points == 1, points == 0.5, decided == 0))
    return Verdicts(wins, ties, len(points) - wins - ties - undecided, undecided)


def _as_json(figure: Figure) -> dict[str, Any]:
    kind = figure.measure.kind
    content = {
        "model": figure.model,
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
        content["change"] = dict(zip(("value", "low", "high"), map(_number, figure.change), strict=True))
    if figure.endings:
        content |= {
            "cut": figure.endings.cut,
            "empty": figure.endings.empty,
            "differing_from_base": list(figure.endings.differing),
        }
    if figure.verdicts:
        content["verdicts"] = figure.verdicts._asdict()
    return content


def _number(value: float) -> float | None:
    """Rounded: the last digits may depend on the order of summation."""
    return None if math.isnan(value) else round(float(value), 6)
