"""A dataset of a run: a table with one part, in a few shards per split that `datasets.load_dataset` finds."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.run import working_folder
from sdrrl_data.run.disk import (
    damaged,
    digest_of,
    figures_of,
    files_of,
    fingerprint_of,
    read_parquet,
    read_some,
    remove,
    rows_in,
    write_parquet,
)
from sdrrl_data.run.journal import Journal
from sdrrl_data.run.manifest import files_in_manifest
from sdrrl_data.run.parts import Part
from sdrrl_data.run.shuffled import Shuffled

SPLITS = ("train", "test")
# The datasets of a target. The others are made beside the transfer set, and split as it is.
TRANSFER_SET, PREFERENCES, DISTILLATION = OF_TARGET = ("transfer_set", "preferences", "distillation")
SHARD_ROWS = 100_000
SHARD = re.compile(r"(train|test)-\d{5,}-of-\d{5,}\.parquet")  # other files in the folder are not the run's


class Dataset:
    """`train-00000-of-00001.parquet` and so on, in their own folder; either all files exist or none.

    Args:
        root: the run's folder.
        name: the path of the dataset in the run, such as `pt/transfer_set`.
        shard_rows: the largest number of rows in one file.
    """

    def __init__(self, root: Path, name: str, shard_rows: int = SHARD_ROWS) -> None:
        self.name = name
        self._root = root
        self._folder = root / name
        self._shard_rows = shard_rows

    def files(self, split: str = "") -> list[Path]:
        """Its files in order, of one split or of all; empty if there is no dataset.

        Raises:
            FileDamaged: some of them are gone.
        """
        for path in self.gone():
            raise damaged(path, "is gone")
        paths = [path for path in self._present() if path.name.startswith(split)]
        for path in paths:
            working_folder.fetch(path)  # not all who read them ask the run for their rows
        return paths

    def look(self) -> None:
        """See what other processes have made, where the run is in an object store."""
        if folder := working_folder.of(self._folder):
            folder.look(self._folder.relative_to(folder.path).as_posix())

    def exists(self) -> bool:
        """Whether it was made, even if some of its files are gone."""
        return bool(self._present())

    def fingerprint(self, part: int = 0) -> str | None:
        """The fingerprint it was written with; None if it does not exist, or not whole."""
        fingerprints = {fingerprint_of(path) for path in self._present()}
        return fingerprints.pop() if len(fingerprints) == 1 and not self.gone() else None

    def done(self, part: int, fingerprint: str) -> bool:
        """Whether it exists and was made from the same input with the same settings."""
        return self.fingerprint() == fingerprint

    def existing(self) -> set[int]:
        """{0} if it was made, with all of its files, or else nothing."""
        return {0} if self._present() and not self.gone() else set()

    def lease(self, part: int | None = None) -> Path:
        """The place of its lease."""
        return self._folder.with_name(f".{self._folder.name}")

    def figures(self) -> dict[str, Any]:
        """What was counted while it was made; empty if nothing was counted."""
        files = self._present()
        return figures_of(files[0]) if files else {}

    def written(self, part: int) -> str | None:
        """The fingerprint that it was written with; None if it does not exist."""
        return self.fingerprint()

    def write(self, part: int, content: Part, fingerprint: str, keep_journal: bool = False) -> None:
        """Write the rows of each split; their column `split` says which.

        A split without rows gets no file, because `datasets` cannot load it; if all splits are empty, each gets a file.
        Files in the folder that are not its shards stay.
        """
        temporary = self._folder.with_name(f".{self._folder.name}.tmp")
        _move_others(temporary, self._folder)  # where an earlier call was killed
        shutil.rmtree(temporary, ignore_errors=True)
        shards = _in_memory(content.rows, self._shard_rows) if content.shuffled is None else _shuffled(content.shuffled)
        names = [f"{split}-{number:05}-of-{of:05}.parquet" for (split, number, of), _ in shards]
        for name, (_, rows) in zip(names, shards, strict=True):
            write_parquet(rows(), temporary / name, fingerprint, content.figures, names)
        if content.shuffled:
            content.shuffled.remove()
        if folder := working_folder.of(self._folder):
            for name in names:
                folder.put(self._folder / name, temporary / name, fingerprint)
            for path in self._present():
                if path.name not in names:
                    folder.remove(path)
        _move_others(self._folder, temporary)
        shutil.rmtree(self._folder, ignore_errors=True)
        temporary.rename(self._folder)

    def shuffled(self, orders: Mapping[str, NDArray[np.int64]]) -> Shuffled:
        """What brings rows into order that will be written: see `Shuffled`."""
        return Shuffled(self._folder.with_name(f".{self._folder.name}.shuffled"), orders, self._shard_rows)

    def remove(self) -> None:
        """Delete its files, and its folder if nothing else is in it."""
        for path in self._present():
            remove(path)
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def read(self) -> pl.DataFrame:
        """The rows of all splits."""
        return pl.concat([read_parquet([path]) for path in self.files()])

    def read_columns(self, names: Sequence[str]) -> pl.DataFrame:
        """These columns of the rows of all splits: see `disk.read_some`."""
        return read_some(self.files(), names)

    def first(self, rows: int) -> pl.DataFrame:
        """The first rows of each split, which are as random as all are: see `disk.read_some`."""
        of_splits = [self.files(split) for split in SPLITS]
        return pl.concat([read_some(files, rows=rows) for files in of_splits if files])

    def read_each(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows of each file, one after another.

        Args:
            columns: to be read; by default all.
        """
        return (read_parquet([path], columns) for path in self.files())

    def rows(self) -> dict[str, int]:
        """How many rows each split has."""
        return {split: sum(map(rows_in, self.files(split))) for split in SPLITS}

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file, by its path in the run."""
        return {f"{self.name}/{path.name}": digest_of(path) for path in self._present()}

    def journal(self, part: int, fingerprint: str) -> Journal:
        """An empty journal: a dataset is made in one go."""
        return Journal(self._folder.with_name(f".{self._folder.name}.journal"), fingerprint)

    def forget_after(self, parts: int, journals: Collection[int] = ()) -> None:
        """Do nothing: a dataset has only one part."""

    def _present(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.parquet") if SHARD.fullmatch(path.name))

    def gone(self) -> list[Path]:
        """The files that were written and are not there; for a dataset of 0.2.0 or earlier, those in the manifest.

        Raises:
            FileDamaged: the first of those that are there is damaged.
        """
        files = self._present()
        names = files_of(files[0]) if files else []
        paths = [self._folder / name for name in names] or [
            self._root / path for path in files_in_manifest(self._root) if path.startswith(f"{self.name}/")
        ]
        return [path for path in paths if path not in files]


_Name = tuple[str, int, int]  # the split of a shard, its number, how many the split has
_Shards = list[tuple[_Name, Callable[[], pl.DataFrame]]]  # with what gives their rows


def _in_memory(rows: pl.DataFrame, shard_rows: int) -> _Shards:
    splits = {split: rows.filter(split=split) for split in SPLITS}
    filled = {split: rows for split, rows in splits.items() if not rows.is_empty()}
    return [
        (
            (split, number, ceil(of_split.height / shard_rows) or 1),
            partial(of_split.slice, number * shard_rows, shard_rows),
        )
        for split, of_split in (filled or splits).items()
        for number in range(ceil(of_split.height / shard_rows) or 1)
    ]


def _shuffled(shuffled: Shuffled) -> _Shards:
    if not shuffled.shards:
        return _in_memory(shuffled.no_rows, 1)
    counts = Counter(shard.split for shard in shuffled.shards)
    return [
        ((shard.split, shard.number, counts[shard.split]), partial(shuffled.rows, shard)) for shard in shuffled.shards
    ]


def shards(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The shards of datasets of a run that match these patterns of paths in it, pattern by pattern."""
    return [path for pattern in patterns for path in sorted(root.glob(pattern)) if SHARD.fullmatch(path.name)]


def _move_others(source: Path, target: Path) -> None:
    """Move what is not a shard, or one that is being written, to another folder; nothing there is overwritten."""
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if SHARD.fullmatch(path.name) or SHARD.fullmatch(path.name.removeprefix(".").removesuffix(".tmp")):
            continue
        target.mkdir(parents=True, exist_ok=True)
        moved = target / path.name
        while moved.exists():
            moved = moved.with_name(f"{moved.name}~")
        path.rename(moved)
