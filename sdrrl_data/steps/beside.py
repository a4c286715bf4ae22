"""Datasets beside the transfer set, from the same tables: every row that the verdicts allow, and no model is asked."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from sdrrl_data.protocols import Advance, Ingredient
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task, provenance
from sdrrl_data.run.dataset import SPLITS, TRANSFER_SET, Dataset
from sdrrl_data.steps import distillation, preferences, samples, scores, transfer_set
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each

Tables = Mapping[str, pl.DataFrame]
OF_TARGET = ("translations", "verdicts", "code_switched", "direct_answers")  # the tables with its rows' texts


@dataclass(frozen=True, kw_only=True)
class BesideStep(TargetStep):
    """Makes such a dataset, a part of the seeds at a time. A seed is on the side where the transfer set has it.

    `whole` names all tables that it reads, the transfer set among them.
    """

    makes: ClassVar[Literal["table"]] = "table"
    generators: Mapping[str, Ingredient]  # that answered, by their names in the answers
    signature: str

    @property
    @abstractmethod
    def content(self) -> Schema:
        """The columns that a trainer reads."""

    @abstractmethod
    def candidates(self, tables: Tables) -> pl.DataFrame:
        """The rows of some seeds: `content` and `source`.

        Args:
            tables: the rows of these seeds in seeds, answers, translations, verdicts and, if it reads them,
                code_switched, direct_answers, samples and their scores.
        """

    def are_wanted(self) -> pl.Expr:
        """Which candidates become rows; the others are counted."""
        return pl.lit(True)

    @property
    def settings(self) -> Any:
        """The seed of the order, and the signature in each row."""
        return [self.recipe.transfer_set.test_share, self.recipe.seed, self.signature]

    @property
    def schema(self) -> Schema:
        """Its columns but `scores`, which are those of the tables."""
        return self.content | transfer_set.PROVENANCE

    def output(self, run: Run) -> Dataset:
        """A dataset with one file per split, or several."""
        return run.dataset(self.table, self.recipe.transfer_set.shard_rows)

    def planned_rows(self) -> list[int]:
        """All seeds."""
        return [sum(self.sizes)]

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Nothing has to be loaded."""

        def make(task: Task) -> Part:
            test_seeds = _test_seeds(run.dataset(self.target.table(TRANSFER_SET)))
            share, seed = self.recipe.transfer_set.test_share, self.recipe.seed
            orders: dict[str, list[np.ndarray[Any, Any]]] = {split: [] for split in SPLITS}
            left_out = 0
            # Twice, because the rows together may not fit into memory, and their order has to be known before.
            for tables in self._blocks(run, texts_only=True):
                candidates = self.candidates(tables)
                rows = candidates.filter(self.are_wanted())
                left_out += candidates.height - rows.height
                splits = transfer_set.split_again(rows["seed_id"], test_seeds, share, seed)
                order = transfer_set.order_of(rows, seed).to_numpy()
                for split in SPLITS:
                    orders[split].append(order[(splits == split).to_numpy()])
            shuffled = self.output(run).shuffled(
                {split: np.concatenate([np.empty(0, np.int64), *of_blocks]) for split, of_blocks in orders.items()}
            )
            generators = {name: provenance.described(part) for name, part in self.generators.items()}
            translators = {name: provenance.described(part) for name, part in self.target.translators.items()}
            for tables in self._blocks(run):
                rows = self.candidates(tables).filter(self.are_wanted())
                rows = rows.with_columns(split=transfer_set.split_again(rows["seed_id"], test_seeds, share, seed))
                finished = transfer_set.finish(rows, tables, generators, translators, self.signature, self.content)
                shuffled.add(finished, transfer_set.order_of(rows, seed))
            advance(task.rows)
            return Part(shuffled.no_rows, NOTHING_SET_ASIDE, {"left_out": left_out}, shuffled=shuffled)

        yield each(make)

    def _blocks(self, run: Run, texts_only: bool = False) -> Iterator[dict[str, pl.DataFrame]]:
        """The tables, a part of the seeds at a time; the scores together, as `scores`."""
        shared = ["seeds", "answers", *samples.tables(self.recipe).values(), samples.OF_SCORES]
        names = [name for name in (*shared, *map(self.target.table, OF_TARGET)) if name in self.whole]
        scorers = [name for name in self.whole if name.rpartition("/")[2].startswith("scores-")]
        parts = range(run.table("seeds").parts())
        for read in zip(
            *(_read_each(run, name, parts) for name in (*names, *(() if texts_only else scorers))), strict=True
        ):
            tables = {name.rpartition("/")[2]: table for name, table in zip(names, read, strict=False)}
            yield tables if texts_only else tables | {"scores": scores.joined(read[len(names) :])}


@dataclass(frozen=True, kw_only=True)
class PreferencesStep(BesideStep):
    """Makes the preferences; see `preferences`. Of pairs whose answers are the same text, it counts how many."""

    @property
    def content(self) -> Schema:
        """Also the scores of samples, if there are any."""
        return preferences.content(self.recipe.preferences.rejected)

    @property
    def settings(self) -> Any:
        """Also which answers are rejected."""
        margin = [self.recipe.preferences.margin] if self._rejects_samples else []
        return [*super().settings, sorted(set(self.recipe.preferences.rejected)), *margin]

    def candidates(self, tables: Tables) -> pl.DataFrame:
        """Pairs of answers."""
        config, native = self.recipe.preferences, self.recipe.native is not None
        if self._rejects_samples:
            tables = {**tables, "samples": samples.one_by_one(tables, self.recipe)}
        pairs = preferences.make(tables, config.rejected, self.recipe.src, self.tgt, config.margin, native)
        described = {name: provenance.described(part) for name, part in self.generators.items()}
        return pairs.with_columns(
            pl.col("generator_rejected").replace_strict(described, default=None) for _ in range(self._rejects_samples)
        )

    @property
    def _rejects_samples(self) -> bool:
        return preferences.SAMPLES in self.recipe.preferences.rejected

    def are_wanted(self) -> pl.Expr:
        """Those whose answers differ."""
        return preferences.differ()


@dataclass(frozen=True, kw_only=True)
class DistillationStep(BesideStep):
    """Makes the rows for self-distillation on policy; see `distillation`."""

    @property
    def content(self) -> Schema:
        """See `distillation.CONTENT`."""
        return distillation.CONTENT

    def candidates(self, tables: Tables) -> pl.DataFrame:
        """Questions with what the teacher sees."""
        return distillation.make(tables, self.tgt)


def _read_each(run: Run, name: str, parts: Iterable[int]) -> Iterator[pl.DataFrame]:
    """Each part of a table. Answers of an earlier version have no samples: there are no rows then."""
    schema = {samples.OF_SAMPLES: samples.SAMPLES, samples.OF_SCORES: samples.SCORES}.get(name.partition("-")[0])
    if schema is None:
        return run.table(name).read_each([*parts])
    table = run.table(name)
    return (table.read(part) if table.has(part) else pl.DataFrame(schema=schema) for part in parts)


def _test_seeds(dataset: Dataset) -> list[str]:
    """The seeds, and pairs of the parallel corpus, that have test rows in the transfer set."""
    seed_ids: set[str] = set()
    for rows in dataset.read_each(["seed_id", "split"]):
        seed_ids.update(rows.filter(split="test")["seed_id"])
    return sorted(seed_ids)
