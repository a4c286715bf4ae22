"""What is usual in a run, such as the length of a translation: learned once per growth, from some of its pairs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data.errors import FileDamaged
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.scoring import heuristics
from sdrrl_data.scoring.counting import CountingConfig
from sdrrl_data.steps import scores
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each

PARTS = 16  # the most parts that are read: thousands of pairs, whatever the size of the run
SCHEMA: Schema = {"scorer": pl.String, "learned": pl.String}  # as JSON


@dataclass(frozen=True, kw_only=True)
class UsualStep(TargetStep):
    """Lets the scorers that only count learn what is usual."""

    version: ClassVar[int] = 2  # 2: words are judged without marks of emphasis
    makes: ClassVar[Literal["growth"]] = "growth"

    scorers: tuple[CountingConfig, ...]  # those that learn

    @property
    def settings(self) -> Any:
        """The settings of the scorers."""
        return [[scorer.shaping() for scorer in self.scorers], self.src]

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Each part is learned from pairs spread evenly over the parts that the run had after that growth."""

        def learn(task: Task) -> Part:
            pairs = sample(run, self.inputs, self.bounds[task.part])
            src, tgt = self.target.src, self.target.tgt
            learned = heuristics.learned(self.scorers, pairs, src, tgt)
            rows = [(scorer.called(), json.dumps(usual)) for scorer, usual in zip(self.scorers, learned, strict=True)]
            advance(task.rows)
            return Part(pl.DataFrame(rows, schema=SCHEMA, orient="row"), NOTHING_SET_ASIDE)

        yield each(learn)


def learned(scorers: Sequence[CountingConfig], tables: Sequence[pl.DataFrame]) -> list[Any]:
    """What each of these scorers has learned, as these tables have it; None for a scorer that learns nothing.

    Raises:
        FileDamaged: it cannot be read.
    """
    try:
        content_of = {scorer: json.loads(content) for table in tables for scorer, content in table.iter_rows()}
    except (ValueError, RecursionError) as error:
        raise FileDamaged(
            f"what is usual in the run cannot be read ({error}): delete the folder usual of the target in the run, "
            "then type `sdrrl-data generate --out RUN`, which learns it anew"
        ) from error
    return [content_of.get(scorer.called()) for scorer in scorers]


def sample(run: Run, tables: Sequence[str], parts: int) -> list[TextPair]:
    """Questions and answers with their translations, from parts spread evenly over the first `parts`.

    Args:
        run: the run with the tables.
        tables: seeds, answers and translations, by their paths in the run.
        parts: how many of each to choose from.
    """
    pairs: list[TextPair] = []
    for part in range(0, parts, -(-parts // PARTS)):
        _, questions, answers = scores.pairs_of(*(run.table(name).read(part) for name in tables))
        pairs += [*questions, *answers]
    return pairs
