"""Verdicts: thresholds applied to scores. Cheap: after a change of a threshold, nothing is scored again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import floor
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.protocols import Advance
from sdrrl_data.recipe import Bound, ThresholdConfig, of_source
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import scores as score_tables
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work

TEXTS = ("question_src", "question_tgt", "answer_src", "answer_tgt")
FAILURE: Schema = {
    "text": pl.String,  # one of TEXTS
    "filter": pl.String,  # as the recipe names the threshold
    "value": pl.Float64,
    "threshold": pl.String,  # what the value must be: ">= 0.8", or ">= 0.83 (5%)" for a percentile
    "weight": pl.Float64,  # of a text that fails, as the recipe has it
}
FAILURES = pl.List(pl.Struct(FAILURE))
SCHEMA: Schema = {"id": pl.String, **dict.fromkeys(TEXTS, pl.Float64), "failures": FAILURES}
_NAMES: Schema = {"text": pl.String, "filter": pl.String, "least": pl.String, "most": pl.String, "weight": pl.Float64}


TOGETHER = 16  # parts that are judged at once, so that the fixed cost of a part is paid only once


@dataclass(frozen=True, kw_only=True)
class VerdictsStep(TargetStep):
    """Applies the recipe's thresholds. If one is a percentile, `whole` names the tables of scores."""

    @property
    def settings(self) -> Any:
        """The thresholds."""
        return {name: threshold.shaping() for name, threshold in self.recipe.thresholds.items()}

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Turn percentiles into numbers."""
        scored = scores_of_run(run, self.whole, self.recipe.thresholds) if self.whole else None
        limits = cuts(self.recipe.thresholds, scored)

        def work(tasks: Iterable[Task]) -> Iterator[tuple[int, Part]]:
            waiting = iter(tasks)
            while batch := list(islice(waiting, TOGETHER)):
                # "diagonal": parts that an earlier version has made may lack scores.
                tables = (
                    pl.concat(parts, how="diagonal") for parts in zip(*(task.tables for task in batch), strict=True)
                )
                judged = judge(score_tables.joined(list(tables)), limits)
                start = 0
                for task in batch:
                    yield task.part, Part(judged.slice(start, task.tables[0].height), NOTHING_SET_ASIDE)
                    start += task.tables[0].height
                advance(judged.height)

        yield work


class Limit(NamedTuple):
    """A bound as a number."""

    value: float
    percentile: str | None  # such as "5%", if the recipe gives the bound as a percentile

    def __str__(self) -> str:
        return f"{self.value:g}" + (f" ({self.percentile})" if self.percentile else "")


class Cut(NamedTuple):
    """What one filter requires of one text; it has at least one bound."""

    text: str  # one of TEXTS
    filter: str  # as the recipe names the threshold
    column: str  # of the scores
    min: Limit | None
    max: Limit | None
    weight: float  # of a text that fails


def scores_of_run(run: Run, tables: Sequence[str], thresholds: Mapping[str, ThresholdConfig]) -> pl.DataFrame:
    """The scores of the whole run that thresholds apply to.

    Args:
        run: has the tables.
        tables: of scores, each with the same rows.
        thresholds: as for `cuts`.
    """
    judged = columns(thresholds)
    found = [run.table(table) for table in tables if not set(judged).isdisjoint(run.table(table).columns())]
    return pl.concat([table.read_all(columns=judged) for table in found] or [pl.DataFrame()], how="horizontal")


def relative(thresholds: Mapping[str, ThresholdConfig]) -> bool:
    """Whether a bound is a percentile, so that `cuts` needs the scores of the whole run."""
    return any(isinstance(bound, str) for threshold in thresholds.values() for bound in (threshold.min, threshold.max))


def cuts(thresholds: Mapping[str, ThresholdConfig], scores: pl.DataFrame | None) -> list[Cut]:
    """What the thresholds require of each text, with percentiles as numbers.

    A percentile is taken of the values of one column, without nulls. As `min`, P% is the greatest value with at most P%
    of the values below it; as `max`, the least value with at most (100 - P)% of the values above it. A value that
    equals a bound passes.

    Args:
        thresholds: by score (for questions and answers), or by `question_…` or `answer_…`, which have priority.
        scores: the scores of the whole run; None if no bound is a percentile.
    """
    cuts_of_texts = []
    for name, threshold in sorted(thresholds.items()):
        for part, score in _judged(name, thresholds):
            side = "src" if of_source(score) else "tgt"
            column = f"{part}_{score}"
            values = scores[column] if scores is not None and column in scores.columns else pl.Series()
            least, most = _limit(threshold.min, values, upper=False), _limit(threshold.max, values, upper=True)
            if least or most:
                cuts_of_texts.append(Cut(f"{part}_{side}", name, column, least, most, threshold.weight))
    return cuts_of_texts


def columns(thresholds: Mapping[str, ThresholdConfig]) -> list[str]:
    """The columns of scores that the thresholds judge."""
    return [f"{part}_{score}" for name in thresholds for part, score in _judged(name, thresholds)]


def judge(scores: pl.DataFrame, cuts: Sequence[Cut]) -> pl.DataFrame:
    """One row per seed: the weight of each of its four texts, and every filter that one of them failed.

    Columns: `id`; `question_src`, `question_tgt`, `answer_src`, `answer_tgt` (1.0: counts in full, 0.0: dropped; the
    product of the weights of all filters that the text fails, for a translation also times its source's weight);
    `failures` (see `FAILURE`). A score that is missing, or that no scorer of this run gives, fails nothing.
    """
    columns = set(scores.columns)
    cuts = [cut for cut in cuts if cut.column in columns]
    values = scores.select(cut.column for cut in cuts).to_numpy()  # a row per seed, a column per cut; NaN for null
    below = values < np.array([cut.min.value if cut.min else -np.inf for cut in cuts])
    above = values > np.array([cut.max.value if cut.max else np.inf for cut in cuts])
    rows, numbers = np.nonzero(below | above)  # ordered by seed, then by cut
    names = [(cut.text, cut.filter, f">= {cut.min}", f"<= {cut.max}", cut.weight) for cut in cuts]
    failed = pl.DataFrame(names, schema=_NAMES, orient="row")[numbers].select(
        "text",
        "filter",
        value=pl.Series(values[rows, numbers], dtype=pl.Float64),
        threshold=pl.when(pl.Series(below[rows, numbers])).then("least").otherwise("most"),
        weight="weight",
    )
    return pl.DataFrame(
        {"id": scores["id"], **_weights(rows, failed, scores.height), "failures": _lists(rows, failed, scores.height)}
    )


def _weights(rows: NDArray[np.intp], failed: pl.DataFrame, height: int) -> dict[str, NDArray[np.float64]]:
    """The weight of each text; `failed` has the columns of `FAILURE`, and `rows` the row of each of its lines."""
    weights = np.ones((len(TEXTS), height))
    texts = failed["text"].cast(pl.Enum(TEXTS)).to_physical().to_numpy()
    np.multiply.at(weights, (texts, rows), failed["weight"].to_numpy())
    weight_of = dict(zip(TEXTS, weights, strict=True))
    weight_of["question_tgt"] *= weight_of["question_src"]
    weight_of["answer_tgt"] *= weight_of["answer_src"]
    return weight_of


def _lists(rows: NDArray[np.intp], failed: pl.DataFrame, height: int) -> pl.Series:
    """The failures of each row. Structs are built only for failures: most rows have none."""
    lists = failed.with_columns(row=rows).group_by("row", maintain_order=True).agg(failures=pl.struct(*FAILURE))
    joined = pl.DataFrame({"row": np.arange(height)}).join(lists, on="row", how="left", maintain_order="left")
    return joined["failures"].fill_null(pl.Series([[]], dtype=FAILURES))


def _judged(name: str, thresholds: Mapping[str, ThresholdConfig]) -> Iterator[tuple[str, str]]:
    """The texts that a threshold applies to (question, answer), each with the name of the score."""
    for part, other in ("question", "answer"), ("answer", "question"):
        score = name.removeprefix(f"{part}_")
        if not name.startswith(f"{other}_") and (score != name or f"{part}_{name}" not in thresholds):
            yield part, score


def _limit(bound: Bound | None, values: pl.Series, upper: bool) -> Limit | None:
    """A bound as a number; None if there is no bound, or no value to take a percentile of."""
    if not isinstance(bound, str):
        return None if bound is None else Limit(bound, None)
    values = values.drop_nulls().sort()
    if values.is_empty():
        return None
    share = Fraction(bound.removesuffix("%")) / 100  # exact: of a thousand values, 0.1% is one
    outside = min(max(floor((1 - share if upper else share) * len(values)), 0), len(values) - 1)
    return Limit(values[-1 - outside if upper else outside], bound)
