"""Rows that are read from a source before the run has them, in a temporary folder instead of memory."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import polars as pl

from sdrrl_data.run.disk import on_disk, read_arrow


class Rows(Protocol):
    """What a table in memory and `StoredRows` have in common."""

    @property
    def height(self) -> int:
        """How many rows there are."""
        ...

    def slice(self, offset: int, length: int, /) -> pl.DataFrame:
        """Some of them, one after another."""
        ...


class StoredRows:
    """Rows in files, in the order in which they were added. The files are removed with the object."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="sdrrl-data-rows-")
        self._starts = [0]
        self._last: tuple[int, pl.DataFrame] | None = None  # the file that was read last

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self._starts[-1]

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows after the others.

        Raises:
            DiskFailed: they cannot be written.
        """
        path = self._path(len(self._starts) - 1)
        with on_disk(path):
            rows.write_ipc(path, compression="lz4")
        self._starts.append(self._starts[-1] + rows.height)

    def slice(self, offset: int, length: int) -> pl.DataFrame:
        """Some rows, one after another; fewer if there are no more."""
        end = min(offset + length, self.height)
        first = bisect_right(self._starts, min(offset, self.height - 1)) - 1
        pieces = []
        for file in range(first, len(self._starts) - 1):
            start = self._starts[file]
            pieces.append(self._read(file).slice(max(offset - start, 0), max(end - max(offset, start), 0)))
            if self._starts[file + 1] >= end:
                break
        return pl.concat(pieces)

    def files(self) -> Iterator[pl.DataFrame]:
        """All rows, those of one file at a time."""
        return map(self._read, range(len(self._starts) - 1))

    def _read(self, file: int) -> pl.DataFrame:
        if self._last is None or self._last[0] != file:
            self._last = (file, read_arrow(self._path(file)))
        return self._last[1]

    def _path(self, file: int) -> Path:
        return Path(self._folder.name) / f"{file:05}.arrow"
