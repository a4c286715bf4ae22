"""How long translations usually are in a run: learned once a growth, from some of its pairs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.scoring.length import Expectation
from sdrrl_data.steps import scores
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each

PARTS = 16  # read at most: thousands of pairs, whatever the size of the run
SCHEMA: Schema = {"characters": pl.Float64, "words": pl.Float64}  # of the target, for one of the source


@dataclass(frozen=True, kw_only=True)
class UsualLengthsStep(TargetStep):
    """Learns the usual length of a translation; see `scoring.length.Expectation`."""

    makes: ClassVar[Literal["growth"]] = "growth"

    @property
    def settings(self) -> Any:
        """The languages alone."""
        return [self.src, self.tgt]

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Each part is learned from pairs spread evenly over the parts that the run had when it had grown."""

        def learn(task: Task) -> Part:
            pairs = sample(run, self.inputs, self.bounds[task.part])
            usual = Expectation.learn(pairs, self.target.src, self.target.tgt)
            advance(task.rows)
            return Part(pl.DataFrame([usual], schema=SCHEMA, orient="row"), NOTHING_SET_ASIDE)

        yield each(learn)


def expectation(rows: pl.DataFrame) -> Expectation:
    """What a part of the table says."""
    return Expectation(*rows.row(0))


def sample(run: Run, tables: Sequence[str], parts: int) -> list[TextPair]:
    """Questions and answers with their translations, from parts spread evenly over the first `parts`.

    Args:
        run: has the tables.
        tables: seeds, answers and translations, by their paths in the run.
        parts: how many of each to choose from.
    """
    pairs: list[TextPair] = []
    for part in range(0, parts, -(-parts // PARTS)):
        _, questions, answers = scores.pairs_of(*(run.table(name).read(part) for name in tables))
        pairs += [*questions, *answers]
    return pairs
