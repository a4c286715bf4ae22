"""A table of a run, as Parquet parts."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.run import working_folder
from sdrrl_data.run.disk import (
    check,
    figures_of,
    fingerprint_of,
    read_parquet,
    read_some,
    remove,
    rows_in,
    schema_of_all,
    write_parquet,
    written,
)
from sdrrl_data.run.journal import Journal, head_of
from sdrrl_data.run.parts import NOTHING_SET_ASIDE, SET_ASIDE, Part

_AGAIN = "again"  # in a part's figures
# A table's files: a part, its journal, what it held, and one that is being written. Other files are not the run's.
_PART = re.compile(r"part-(\d{5,})\.parquet")
_BEGUN = re.compile(r"\.part-(\d{5,})\.journal")
_CONTENT = re.compile(r"\.part-(\d{5,})\.content")
_TEMPORARY = re.compile(r"\.part-\d{5,}\.parquet(\.[0-9a-f]{8})?\.tmp|\.\.part-\d{5,}\.content(\.[0-9a-f]{8})?\.tmp")
AT_ONCE = 16  # parts that are read together, which takes a fifth of the time if they are small


class Table:
    """One table of a run: `part-00000.parquet` and so on in its own folder.

    A part is done when its file exists under its final name with the expected fingerprint.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._folder = root / name
        # Beside the tables, not inside them: whoever reads a table's folder gets only its rows.
        self._set_aside = (root / name).parent / "set_aside" / (root / name).name

    def look(self) -> None:
        """See what other processes have made, where the run is in an object store."""
        if folder := working_folder.of(self._folder):
            # The rows that were set aside are written before their part, and so listed after it.
            folder.look(
                self._folder.relative_to(folder.path).as_posix(), self._set_aside.relative_to(folder.path).as_posix()
            )

    def done(self, part: int, fingerprint: str) -> bool:
        """Whether this part exists and was made from the same input with the same settings.

        Raises:
            FileDamaged: it exists, and is damaged.
        """
        written = self.written(part)
        if written not in (None, fingerprint):
            check(_part(self._folder, part))  # before it is replaced: the fingerprint itself may be damaged
        return written == fingerprint

    def fingerprint(self, part: int) -> str | None:
        """The fingerprint that a part was written with, or was being made with when the run was stopped."""
        return self.written(part) or head_of(_journal(self._folder, part))

    def written(self, part: int) -> str | None:
        """The fingerprint that a part was written with; None if it does not exist."""
        return fingerprint_of(_part(self._folder, part))

    def fingerprints(self, parts: int) -> list[str]:
        """The fingerprint of each of the first `parts`; "" for a part that does not exist."""
        return [fingerprint_of(_part(self._folder, part)) or "" for part in range(parts)]

    def has(self, part: int) -> bool:
        """Whether this part exists, whatever made it."""
        return _part(self._folder, part).exists()

    def parts(self) -> int:
        """How many parts exist."""
        return len(_parts(self._folder))

    def numbers(self) -> list[int]:
        """The numbers of all parts that exist or were begun."""
        names = [path.name for path in self._folder.glob("*part-*")]
        matches = [_PART.fullmatch(name) or _BEGUN.fullmatch(name) for name in names]
        return sorted({int(match[1]) for match in matches if match})

    def existing(self) -> set[int]:
        """The numbers of all parts that exist, whatever made them, by one listing."""
        matches = (_PART.fullmatch(path.name) for path in self._folder.glob("part-*.parquet"))
        return {int(match[1]) for match in matches if match}

    def times(self) -> dict[int, float]:
        """When each part that exists was written, by the clock of whoever serves its file."""
        matches = ((path, _PART.fullmatch(path.name)) for path in self._folder.glob("part-*.parquet"))
        return {int(match[1]): path.stat().st_mtime for path, match in matches if match}

    def lease(self, part: int | None = None) -> Path:
        """The place of the lease of a part; of the whole table if its parts are made in order.

        It is beside the parts: whoever creates a file in a folder of NFS sees there what others have written.
        """
        return self._folder / (".table" if part is None else f".part-{part:05}")

    def files(self, part: int) -> tuple[Path, Path]:
        """The file of a part, and its journal; they need not exist."""
        return _part(self._folder, part), _journal(self._folder, part)

    def part(self, part: int) -> Part:
        """A part, with the rows that were set aside."""
        return Part(self.read(part), self.set_aside(part))

    def write(self, part: int, content: Part, fingerprint: str, keep_journal: bool = False) -> None:
        """Write a part. Its set-aside rows are written first, so that a part that is done always has them.

        Args:
            part: its number.
            content: its rows.
            fingerprint: stands for everything that shaped it.
            keep_journal: because the part will be made again with more rows.
        """
        set_aside_path = _part(self._set_aside, part)
        if content.set_aside.is_empty():
            remove(set_aside_path)
        else:
            write_parquet(content.set_aside, set_aside_path, fingerprint, shared=True)
        figures = {**(content.figures or {}), **({_AGAIN: len(content.again)} if content.again else {})}
        write_parquet(content.rows, _part(self._folder, part), fingerprint, figures, shared=True)
        if not keep_journal:
            _journal(self._folder, part).unlink(missing_ok=True)

    def remember(self, part: int, fingerprint: str, digest: str) -> None:
        """Remember what a part is about to hold, so that it is known even when the part itself is lost.

        Args:
            part: its number.
            fingerprint: stands for its inputs and settings alone.
            digest: of its content.
        """
        with written(_content(self._folder, part), shared=True) as temporary:
            temporary.write_text(f"{fingerprint} {digest}\n", encoding="ascii")

    def remembered(self, part: int) -> tuple[str, str] | None:
        """What `remember` was told of a part; None if nothing can be read."""
        try:
            working_folder.fetch(_content(self._folder, part))
            fingerprint, digest = _content(self._folder, part).read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return None
        return fingerprint, digest

    def again(self) -> int:
        """The number of rows that a server failed at, and that will be asked for again."""
        return sum(figures_of(path).get(_AGAIN, 0) for path in _parts(self._folder))

    def journal(self, part: int, fingerprint: str) -> Journal:
        """The finished rows of a part that is not finished yet."""
        return Journal(_journal(self._folder, part), fingerprint)

    def unfinished_rows(self, part: int) -> dict[str, Any]:
        """What the journal of a part has, by key, whatever settings it was made with."""
        path = _journal(self._folder, part)
        return Journal(path, head_of(path) or "").rows

    def lines(self, part: int) -> int:
        """How many entries the journal of a part has; one that is cut off does not count."""
        try:
            return max(0, _journal(self._folder, part).read_bytes().count(b"\n") - 1)
        except OSError:
            return 0

    def read(self, part: int) -> pl.DataFrame:
        """The rows of one part."""
        return read_parquet([_part(self._folder, part)])

    def read_each(self, parts: Sequence[int], columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows of each of these parts, a few of which are in memory at a time.

        Args:
            parts: their numbers.
            columns: to be read; by default all. A part of an earlier version may lack some that others of these parts
                have: they are null for its rows.
        """
        paths = [_part(self._folder, part) for part in parts]
        schema = schema_of_all(paths)
        for start in range(0, len(paths), AT_ONCE):
            batch = paths[start : start + AT_ONCE]
            ends = list(accumulate(map(rows_in, batch), initial=0))
            together = _read(batch, schema, columns)
            yield from (together[first:end] for first, end in pairwise(ends))

    def read_all(self, parts: int | None = None, columns: Collection[str] | None = None) -> pl.DataFrame:
        """The rows of all parts, or of the first `parts`, in order; only of small columns where a run may be long.

        Args:
            parts: how many to read.
            columns: those to read, as far as the table has them.

        Raises:
            FileDamaged: a part is gone, or is not as it was written.
        """
        count = parts or len(_parts(self._folder)) or 1
        paths = [_part(self._folder, part) for part in range(count)]
        return _read(paths, schema_of_all(paths), columns)

    def read_columns(self, names: Sequence[str]) -> pl.DataFrame:
        """These columns of all parts that exist, in order, without those that no part has: see `disk.read_some`."""
        paths = _parts(self._folder)
        return read_some(paths, names) if paths else pl.DataFrame()

    def read_batches(self, columns: Collection[str] | None = None) -> Iterator[pl.DataFrame]:
        """All rows, or all values of these columns; those of a few parts at a time."""
        paths = _parts(self._folder)
        schema = schema_of_all(paths)
        return (_read(paths[start : start + AT_ONCE], schema, columns) for start in range(0, len(paths), AT_ONCE))

    def columns(self) -> list[str]:
        """The columns of its parts, also those that only some of them have."""
        return list(schema_of_all(_parts(self._folder)))

    def ids(self) -> list[str]:
        """The ids of all rows of all parts, in order."""
        paths = _parts(self._folder)
        return read_parquet(paths, columns=["id"])["id"].to_list() if paths else []

    def set_aside(self, part: int | None = None, columns: Sequence[str] = tuple(SET_ASIDE)) -> pl.DataFrame:
        """The rows that could not be processed, of all parts or of one; by default with all columns."""
        paths = _parts(self._set_aside) if part is None else [_part(self._set_aside, part)]
        frames = [read_parquet([path], columns=list(columns)) for path in paths if path.exists()]
        return pl.concat(frames) if frames else NOTHING_SET_ASIDE.select(columns)

    def set_aside_rows(self) -> int:
        """How many rows could not be processed."""
        return sum(map(rows_in, _parts(self._set_aside)))

    def rows(self, part: int) -> int:
        """How many rows a part holds."""
        return rows_in(_part(self._folder, part))

    def count(self) -> int:
        """How many rows the table holds."""
        return sum(rows_in(path) for path in _parts(self._folder))

    def forget_after(self, parts: int, journals: Collection[int] = ()) -> None:
        """Remove leftovers of an earlier run: parts from this number on, unfinished files, and all journals but these.

        A complete part may still have a journal, if the run was killed before the journal was removed.
        """
        for folder in (self._folder, self._set_aside):
            keep = {*(_part(folder, part) for part in range(parts)), *(_journal(folder, part) for part in journals)}
            for path in set(folder.glob("*part-*")) - keep:
                content = _CONTENT.fullmatch(path.name)
                is_past = bool(content and int(content[1]) >= parts)
                if is_past or is_file_of_table(path) or _TEMPORARY.fullmatch(path.name):
                    remove(path)


def is_file_of_table(path: Path) -> bool:
    """Whether a file has the name of a part, or of a part's journal."""
    return bool(_PART.fullmatch(path.name) or _BEGUN.fullmatch(path.name))


def _read(
    paths: Sequence[Path],
    schema: dict[str, Any],
    columns: Collection[str] | None,
) -> pl.DataFrame:
    """Parts as one table, or these of its columns; those that a part lacks are null."""
    names = None if columns is None else [name for name in schema if name in columns]
    return read_parquet(paths, names, schema=schema, missing_columns="insert")


def _part(folder: Path, part: int) -> Path:
    return folder / f"part-{part:05}.parquet"


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("part-*.parquet") if _PART.fullmatch(path.name))


def _content(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.content"


def _journal(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.journal"
