"""What a step is: data that can be sent to another process, and one method that opens it."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import polars as pl

from sdrrl_data.protocols import Advance
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import Part, Run, Table, Task, fingerprint
from sdrrl_data.run.dataset import Dataset
from sdrrl_data.run.marks import is_lacking, unmarked
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.target import Target

Work = Callable[[Iterable[Task]], Iterator[tuple[int, Part]]]
"""Takes the parts to make; yields each with its number as soon as it is made."""


class Needs(NamedTuple):
    """What a machine needs to do a step."""

    gpu: bool = False  # its models are much faster on a GPU
    cores: Literal["one", "all"] = "one"
    whole_tables: bool = False  # holds whole tables in memory, not just a few parts


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """Makes the parts of one table. It can be pickled: its fields are data, and `open` loads what it needs.

    The fingerprint of a part covers all that it is made from: the same part of `inputs`, its part of `learned`, all of
    `whole`, the settings, the step's version and the table's schema.
    """

    version: ClassVar[int] = 1  # raised when the same inputs and settings give other rows, or the schema changes
    needs: ClassVar[Needs] = Needs()
    keeps_rows: ClassVar[bool] = False  # whether rows that a part has stay when others of it are asked for again
    reuses_rows: ClassVar[bool] = False
    """Whether finished rows are used again in other parts: each row takes a model's work, and depends on nothing but
    the rows with the same id in `inputs` (or, if there are none, on the number of its part and the rows before it)."""
    chooses: ClassVar[bool] = False  # whether it only chooses among rows of its inputs, which may have become more
    ordered: ClassVar[bool] = False  # whether a part depends on earlier parts, so that they are made in order
    makes: ClassVar[Literal["part", "growth", "table"]] = "part"
    """What one of its parts covers: a part of the seeds; all parts that the run had after a growth ("growth": learned
    once per growth); or the whole run ("table": one part)."""

    table: str  # the path in the run of the table that it makes
    inputs: tuple[str, ...] = ()  # tables of which it reads the same part
    learned: tuple[str, ...] = ()  # tables with one part per growth, of which it reads the part of its own growth
    whole: tuple[str, ...] = ()  # tables of which it reads all rows, as they are now
    sizes: tuple[int, ...]  # planned rows of each part of the seeds
    bounds: tuple[int, ...]  # how many parts of the seeds the run had after each growth
    recipe: Recipe

    @property
    @abstractmethod
    def settings(self) -> Any:
        """What shapes its rows besides what it reads, as JSON values."""

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """The columns of its table, as far as they are known before it is made."""

    @property
    def asks_model(self) -> bool:
        """Whether a row that was set aside may be made when the model is asked for it again."""
        return False

    @abstractmethod
    def open(self, run: Run, models: ModelPool, advance: Advance) -> AbstractContextManager[Work]:
        """Load what it needs; entered only if a part is missing.

        Args:
            run: the run with the tables that the step reads.
            models: holds generator and translator, and frees them when the memory is needed.
            advance: called with the number of rows done.
        """

    @property
    def only_if_read(self) -> bool:
        """Whether a part is only made if a missing part of another table reads it."""
        return self.makes == "growth"

    @property
    def replaces(self) -> "Step | None":
        """The step that made the same rows in earlier versions from other tables: what it made remains valid."""
        return None

    @property
    def reads_references(self) -> bool:
        """Whether its rows depend on the seeds' own answers."""
        return False

    def wanted(self, tables: Sequence[pl.DataFrame]) -> set[str]:
        """The ids of the rows that a part should have, or set aside.

        Args:
            tables: this part of each of its `inputs`.
        """
        return set.intersection(*(set(table["id"]) for table in tables))

    def shortened(self, content: Part, rows: int) -> Part:
        """The beginning of a part, as the step would make it if it had to make fewer rows.

        Args:
            content: a part of a step without `inputs`.
            rows: at most as many as it has.
        """
        raise NotImplementedError

    def journaled(self, content: Part) -> dict[str, Any]:
        """What the journal of a finished part had, as far as the part tells, so that a longer one continues from it.

        Args:
            content: a part of a step without `inputs`.
        """
        return {}

    def output(self, run: Run) -> Table | Dataset:
        """Where its parts are written."""
        return run.table(self.table)

    def parts(self) -> int:
        """How many parts its table has when it is complete."""
        return {"part": len(self.sizes), "growth": len(self.bounds), "table": 1}[self.makes]

    def growth_of(self, part: int) -> int:
        """The growth of the run in which a part of the seeds was added, counted from 0."""
        return bisect_right(self.bounds, part)

    def planned_rows(self) -> list[int]:
        """How many rows would go into each of its parts if no row were set aside; 1 if its rows are not counted."""
        if self.makes == "growth":
            return [sum(self.sizes[:bound]) for bound in self.bounds]
        return list(self.sizes) if self.makes == "part" else [1]

    def rows_into(self, run: Run, part: int) -> int:
        """How many rows go into one of its parts; as many as are planned, where what it reads is not made yet."""
        if not self.inputs:
            return self.planned_rows()[part]
        table = run.table(self.inputs[-1])
        read = [part] if self.makes == "part" else range(self.bounds[part])
        return sum(table.rows(other) if table.has(other) else self.sizes[other] for other in read)

    def schema_digest(self) -> str:
        """16 hex digits that stand for the schema of its table."""
        return fingerprint({column: str(dtype) for column, dtype in self.schema.items()})


@dataclass(frozen=True, kw_only=True)
class TargetStep(Step):
    """A step of one target language."""

    target: Target

    @property
    def src(self) -> str:
        """The tag of the source language."""
        return self.target.src.tag

    @property
    def tgt(self) -> str:
        """The tag of the target language."""
        return self.target.tgt.tag


class EarlierPart(NamedTuple):
    """A part of a step in an earlier state of the run."""

    folder: Path  # of the earlier state, which is a run itself
    part: int


@dataclass(frozen=True)
class Job:
    """A step with the fingerprint that each of its parts should have.

    `whole` has those that its parts should have if no server had failed at a row that they are made from. `earlier` has
    the parts in earlier states of the run that were made with the same settings, those of the latest state first.
    """

    step: Step
    fingerprints: tuple[str, ...]
    whole: tuple[str, ...]
    earlier: tuple[EarlierPart, ...] = ()
    asks_again: bool = False  # whether rows that a model refused are asked for again

    def finished_rows(self, run: Run, part: int) -> pl.DataFrame | None:
        """The rows of a part that stay when others of it are asked for again; None where there are none."""
        if not self.step.keeps_rows:
            return None
        table = run.table(self.step.table)
        written = table.written(part)
        return table.read(part) if written and unmarked(written) == unmarked(self.whole[part]) else None

    def unfinished(self) -> list[int]:
        """The parts that will be made again when the rows are there that servers failed at."""
        pairs = enumerate(zip(self.fingerprints, self.whole, strict=True))
        return [part for part, (now, whole) in pairs if now != whole or is_lacking(now)]


def each(make: Callable[[Task], Part]) -> Work:
    """The work of a step that makes its parts one after another."""
    return lambda tasks: ((task.part, make(task)) for task in tasks)
