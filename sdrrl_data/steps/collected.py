"""What was read of the sources of a run so far: its rows, most of them on disk, and those that were set aside."""

from abc import ABC, abstractmethod

import polars as pl

from sdrrl_data.run import SET_ASIDE
from sdrrl_data.run.stored import StoredRows
from sdrrl_data.sources.row_files import Row

STORED_TOGETHER = 10_000  # rows that are in memory while a source is read


class Collected(ABC):
    """The rows that were read so far.

    Args:
        limit: how many to read; None for all.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.full = False
        self.count = 0
        self.refused: list[tuple[str, str, str]] = []  # place, reason, row
        self._stored = StoredRows()

    def put_aside(self, place: str, problem: object, row: Row) -> None:
        """Set a row aside, or one of its questions."""
        self.refused.append((place, str(problem), row.as_json()))

    def rows(self) -> StoredRows:
        """The table."""
        self._store()
        return self._stored

    def set_aside(self) -> pl.DataFrame:
        """The rows that were set aside; each has its place as its id."""
        return pl.DataFrame(self.refused, schema=SET_ASIDE, orient="row")

    def first_refused(self, since: int) -> str:
        """The place of the first row that was set aside since there were so many, and why; "" if there is none."""
        return ": ".join(self.refused[since][:2]) if len(self.refused) > since else ""

    @abstractmethod
    def _taken(self) -> pl.DataFrame:
        """Take the rows that are in memory from it."""

    def _count(self) -> None:
        """A row was added."""
        self.count += 1
        self.full = self.count == self._limit
        if self.count % STORED_TOGETHER == 0:
            self._store()

    def _store(self) -> None:
        rows = self._taken()
        if not rows.is_empty():
            self._stored.add(rows)
