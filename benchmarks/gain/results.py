"""What the evaluation says of the arms: over all training seeds, against the base and against each other."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks.gain.experiment import ARMS, OURS, THEN, Experiment, Training
from sdrrl_data.evaluation.bootstrap import Change, Statistics, change
from sdrrl_data.evaluation.kinds import KINDS, FigureKind

BASE = "base"
STRONGEST = "t-sft"  # of what needs no transfer set
SEED = 12345  # of the resampling; sacrebleu's


class Comparison(NamedTuple):
    """An arm beside the base, or beside another arm, in one measure."""

    kind: FigureKind
    language: str
    side: str  # src or tgt
    items: int
    arm: str
    against: str
    before: float  # the figure of what it is compared with
    after: float
    change: Change  # of the items; the models of all training seeds are taken together
    by_seed: Sequence[float]  # the change of each training seed alone
    end_alike: bool  # whether their texts are as often cut or empty, so that they can be compared

    @property
    def better(self) -> bool | None:
        """Whether it is better (False: worse) beyond what items and seeds explain; None where that cannot be told."""
        if not self.end_alike:
            return None
        signs = {np.sign(own) for own in self.by_seed}
        apart = self.change.low > 0 or self.change.high < 0
        # A resample without an item that could be judged has no figure.
        if not apart or math.isnan(self.change.high) or signs != {np.sign(self.change.value)}:
            return None
        return (self.change.value > 0) == (self.kind.better == "higher")

    def as_json(self) -> dict[str, Any]:
        """With the kind by its name, and null for what could not be measured."""
        numbers = {"before": self.before, "after": self.after, **self.change._asdict()}
        return {
            **{name: getattr(self, name) for name in ("language", "side", "items", "arm", "against")},
            "measure": self.kind.name,
            **{name: _known(value) for name, value in numbers.items()},
            "by_seed": [_known(value) for value in self.by_seed],
            "end_alike": self.end_alike,
            "better": self.better,
        }


def compare(own: Experiment) -> list[Comparison]:
    """Every comparison, measure by measure in the order of the evaluation."""
    figures = json.loads((own.evaluation / "evaluation.json").read_text("utf-8"))["figures"]
    differing = {
        (figure["model"], figure["measure"], figure["language"]): set(figure["differing_from_base"])
        for figure in figures
        if "differing_from_base" in figure
    }
    return [
        comparison
        for figure in figures
        if figure["model"] == BASE
        for comparison in _of_measure(own, figure, differing)
    ]


def arms(own: Experiment) -> list[str]:
    """All that were trained, also on preferences."""
    return [*ARMS, *(training.arm for training in own.trainings_on_preferences()[:1])]


def _of_measure(
    own: Experiment, figure: dict[str, Any], differing: Mapping[tuple[str, str, str], set[str]]
) -> Iterator[Comparison]:
    kind, name = KINDS[figure["measure"]], f"{figure['measure']}-{figure['language']}"
    models: dict[str, list[Statistics]] = {BASE: [_statistics(own, BASE, name)]}
    endings: dict[str, set[str]] = {BASE: set()}  # that the texts of an arm have more or less often than the base's
    trained = arms(own)
    for arm in trained:
        trainings = [Training(arm, seed).name for seed in range(1, own.seeds + 1)]
        models[arm] = [_statistics(own, training, name) for training in trainings]
        keys = ((training, figure["measure"], figure["language"]) for training in trainings)
        endings[arm] = set().union(*(differing.get(key, set()) for key in keys))
    if kind.by == "likelihood":  # what did not fit into the context has no bytes; the tokenizer is everywhere the same
        fits = models[BASE][0][:, -1] > 0
        models = {arm: [seed[fits] for seed in seeds] for arm, seeds in models.items()}
    ours = [arm for arm in trained if arm.removesuffix(THEN) in OURS]
    for against, compared in {BASE: trained, STRONGEST: ours}.items():
        for arm in compared:
            one, other = (np.sum(models[side], axis=0) for side in (against, arm))
            others = models[against] * (own.seeds if against == BASE else 1)
            yield Comparison(
                kind,
                figure["language"],
                figure["side"],
                figure["items"],
                arm,
                against,
                kind.figure(one.sum(0)),
                kind.figure(other.sum(0)),
                change(one, other, kind.figure, SEED),
                [
                    kind.figure(after.sum(0)) - kind.figure(before.sum(0))
                    for before, after in zip(others, models[arm], strict=True)
                ],
                endings[arm] == endings[against],
            )


def _statistics(own: Experiment, model: str, measure: str) -> Statistics:
    """Items x their statistics, as `sdrrl-data evaluate` keeps them."""
    rows = pl.read_parquet(own.evaluation / "measures" / model / f"{measure}.parquet")
    return np.array(rows["statistics"].to_list(), dtype=np.float64)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
