"""The shards of a dataset, brought into their order on the disk, because all rows together may not fit into memory."""

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.run.disk import on_disk, read_arrow

WAITING = 64_000_000  # bytes of rows in memory before they are written
_ORDER = "\N{PILCROW SIGN}"  # a column that no dataset has


class Shard(NamedTuple):
    """Some of the rows of a split, one after another."""

    split: str
    number: int  # within the split
    first: int  # the order of its first row
    last: int
    before: int  # how many rows of equal order as the first belong to the shard before it
    rows: int


class Shuffled:
    """Takes the rows of a dataset in any order, and gives back each shard with its rows in order.

    Rows are ordered by a number, those with the same number by their `id`. Each row goes into a file of its shard; a
    row whose number ends one shard and begins the next goes into the files of both.

    Args:
        folder: for its files; what is there is removed.
        orders: the number of every row that will be added, by split.
        shard_rows: the largest number of rows in a shard.
    """

    def __init__(self, folder: Path, orders: Mapping[str, NDArray[np.int64]], shard_rows: int) -> None:
        self._folder = folder
        self.shards = [shard for split, order in orders.items() for shard in _shards(split, order, shard_rows)]
        self._waiting: list[pl.DataFrame] = []
        self._bytes = 0
        self._numbers = count()
        self.no_rows = pl.DataFrame()
        self.remove()

    def add(self, rows: pl.DataFrame, order: pl.Series) -> None:
        """Add rows, with a column `split`; even if there are none, they say which columns the dataset has.

        Args:
            rows: as they are written, except for their order.
            order: the number of each.

        Raises:
            DiskFailed: they cannot be written.
        """
        self.no_rows = rows.clear()
        self._waiting.append(rows.with_columns(order.alias(_ORDER)))
        self._bytes += int(rows.estimated_size())
        if self._bytes > WAITING:
            self._write()

    def rows(self, shard: Shard) -> pl.DataFrame:
        """The rows of a shard, in order, once all rows were added."""
        self._write()
        pieces = [read_arrow(path) for path in sorted(self._place(shard).iterdir())]
        return pl.concat(pieces).sort(_ORDER, "id").slice(shard.before, shard.rows).drop(_ORDER).rechunk()

    def remove(self) -> None:
        """Remove all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        if not self._waiting:
            return
        rows, self._waiting, self._bytes = pl.concat(self._waiting), [], 0
        name = f"{next(self._numbers):05}.arrow"
        for split, of_split in rows.sort("split", _ORDER).partition_by("split", as_dict=True).items():
            order = of_split[_ORDER].to_numpy()
            for shard in self.shards:
                start, end = np.searchsorted(order, shard.first), np.searchsorted(order, shard.last, "right")
                if split == (shard.split,) and start < end:
                    path = self._place(shard) / name
                    with on_disk(path):
                        path.parent.mkdir(parents=True, exist_ok=True)
                        of_split[int(start) : int(end)].write_ipc(path, compression="lz4")

    def _place(self, shard: Shard) -> Path:
        return self._folder / f"{shard.split}-{shard.number:05}"


def _shards(split: str, order: NDArray[np.int64], shard_rows: int) -> list[Shard]:
    ordered = np.sort(order)
    shards = []
    for number, start in enumerate(range(0, len(ordered), shard_rows)):
        stop = min(start + shard_rows, len(ordered))
        first, last = int(ordered[start]), int(ordered[stop - 1])
        before = start - int(np.searchsorted(ordered, first))
        shards.append(Shard(split, number, first, last, before, stop - start))
    return shards
