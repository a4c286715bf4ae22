"""A table of a run, as Parquet parts."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.run.disk import (
    check,
    figures_of,
    fingerprint_of,
    read_parquet,
    rows_in,
    schema_of,
    write_parquet,
    written,
)
from sdrrl_data.run.journal import Journal, head_of
from sdrrl_data.run.parts import NOTHING_SET_ASIDE, Part

_AGAIN = "again"  # in a part's figures
# A table's files: a part, its journal, what it held, and one that is being written. Other files are not the run's.
_PART = re.compile(r"part-(\d{5,})\.parquet")
_BEGUN = re.compile(r"\.part-(\d{5,})\.journal")
_CONTENT = re.compile(r"\.part-(\d{5,})\.content")
_TEMPORARY = re.compile(r"\.part-(\d{5,})\.parquet\.tmp|\.\.part-(\d{5,})\.content\.tmp")
_FILE = "\N{PILCROW SIGN}"  # a column name that no table uses: the file that a row comes from


class Table:
    """One table of a run: `part-00000.parquet` and so on in its own folder.

    A part is done when its file exists under its final name with the expected fingerprint.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._folder = root / name
        # Beside the tables, not inside them: whoever reads a table's folder gets only its rows.
        self._set_aside = (root / name).parent / "set_aside" / (root / name).name

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
            set_aside_path.unlink(missing_ok=True)
        else:
            write_parquet(content.set_aside, set_aside_path, fingerprint)
        figures = {**(content.figures or {}), **({_AGAIN: len(content.again)} if content.again else {})}
        write_parquet(content.rows, _part(self._folder, part), fingerprint, figures)
        if not keep_journal:
            _journal(self._folder, part).unlink(missing_ok=True)

    def remember(self, part: int, fingerprint: str, digest: str) -> None:
        """Remember what a part is about to hold, so that it is known even when the part itself is lost.

        Args:
            part: its number.
            fingerprint: stands for its inputs and settings alone.
            digest: of its content.
        """
        with written(_content(self._folder, part)) as temporary:
            temporary.write_text(f"{fingerprint} {digest}\n", encoding="ascii")

    def remembered(self, part: int) -> tuple[str, str] | None:
        """What `remember` was told of a part; None if nothing can be read."""
        try:
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

    def read(self, part: int) -> pl.DataFrame:
        """The rows of one part."""
        return read_parquet([_part(self._folder, part)])

    def read_each(self, parts: Sequence[int]) -> list[pl.DataFrame]:
        """The rows of each of these parts, read together: this takes a fifth of the time if the parts are small."""
        paths = [_part(self._folder, part) for part in parts]
        together = _read(paths, include_file_paths=_FILE)
        by_file = together.partition_by(_FILE, as_dict=True, include_key=False)
        no_rows = together.drop(_FILE).clear()
        return [by_file.get((str(path),), no_rows) for path in paths]

    def read_all(self, parts: int | None = None) -> pl.DataFrame:
        """The rows of all parts, or of the first `parts`, in order.

        Raises:
            FileDamaged: a part is gone, or is not as it was written.
        """
        count = parts or len(_parts(self._folder)) or 1
        return _read([_part(self._folder, part) for part in range(count)])

    def ids(self) -> list[str]:
        """The ids of all rows of all parts, in order."""
        paths = _parts(self._folder)
        return read_parquet(paths, columns=["id"])["id"].to_list() if paths else []

    def set_aside(self, part: int | None = None) -> pl.DataFrame:
        """The rows that could not be processed, of all parts or of one."""
        paths = _parts(self._set_aside) if part is None else [_part(self._set_aside, part)]
        frames = [read_parquet([path]) for path in paths if path.exists()]
        return pl.concat(frames) if frames else NOTHING_SET_ASIDE

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
                    path.unlink()


def is_file_of_table(path: Path) -> bool:
    """Whether a file has the name of a part, or of a part's journal."""
    return bool(_PART.fullmatch(path.name) or _BEGUN.fullmatch(path.name))


def _read(paths: list[Path], include_file_paths: str | None = None) -> pl.DataFrame:
    """Parts as one table. Parts of an earlier version may lack columns that others have: these are null for them."""
    schemas = [schema_of(path) for path in paths]
    longest = max(schemas, key=len)
    together = longest | {name: kind for schema in schemas for name, kind in schema.items() if name not in longest}
    return read_parquet(paths, schema=together, missing_columns="insert", include_file_paths=include_file_paths)


def _part(folder: Path, part: int) -> Path:
    return folder / f"part-{part:05}.parquet"


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("part-*.parquet") if _PART.fullmatch(path.name))


def _content(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.content"


def _journal(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.journal"
