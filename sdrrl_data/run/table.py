"""A table of a run, as Parquet parts."""

from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from sdrrl_data.run.disk import figures_of, fingerprint_of, write_parquet
from sdrrl_data.run.journal import Journal, head_of
from sdrrl_data.run.parts import NOTHING_SET_ASIDE, Part

_AGAIN = "again"  # in a part's figures
_FILE = "\N{PILCROW SIGN}"  # a column that no table has: the file that a row is from


class Table:
    """One table of a run: `part-00000.parquet` and so on in a folder of its own.

    A part is done when its file is there under its final name with the expected fingerprint.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._folder = root / name
        # Beside the tables, not in them: whoever reads a table's folder reads its rows alone.
        self._set_aside = (root / name).parent / "set_aside" / (root / name).name

    def done(self, part: int, fingerprint: str) -> bool:
        """Whether this part is there, made from the same input with the same settings."""
        return fingerprint_of(_part(self._folder, part)) == fingerprint

    def fingerprint(self, part: int) -> str | None:
        """What a part was written with, or what it was being written with when the run was stopped."""
        return self.written(part) or head_of(_journal(self._folder, part))

    def written(self, part: int) -> str | None:
        """What a part was written with; None where it is not there."""
        return fingerprint_of(_part(self._folder, part))

    def fingerprints(self, parts: int) -> list[str]:
        """What each of the first `parts` was written with; "" for one that is not there."""
        return [fingerprint_of(_part(self._folder, part)) or "" for part in range(parts)]

    def has(self, part: int) -> bool:
        """Whether this part is there, whatever made it."""
        return _part(self._folder, part).exists()

    def parts(self) -> int:
        """How many parts are there."""
        return len(_parts(self._folder))

    def part(self, part: int) -> Part:
        """A part with what was set aside on the way to it."""
        return Part(self.read(part), self.set_aside(part))

    def write(self, part: int, content: Part, fingerprint: str, keep_journal: bool = False) -> None:
        """Write a part; its set-aside rows go first, so that a part that is done is done with them.

        Args:
            part: its number.
            content: its rows.
            fingerprint: stands for all that shaped it.
            keep_journal: for the time when the part is made again with more rows.
        """
        aside = _part(self._set_aside, part)
        if content.set_aside.is_empty():
            aside.unlink(missing_ok=True)
        else:
            write_parquet(content.set_aside, aside, fingerprint)
        figures = {**(content.figures or {}), **({_AGAIN: len(content.again)} if content.again else {})}
        write_parquet(content.rows, _part(self._folder, part), fingerprint, figures)
        if not keep_journal:
            _journal(self._folder, part).unlink(missing_ok=True)

    def again(self) -> int:
        """How many rows a server failed at, which are to be asked for again."""
        return sum(figures_of(path).get(_AGAIN, 0) for path in _parts(self._folder))

    def journal(self, part: int, fingerprint: str) -> Journal:
        """What is finished of a part that is not."""
        return Journal(_journal(self._folder, part), fingerprint)

    def read(self, part: int) -> pl.DataFrame:
        """The rows of one part."""
        return pl.read_parquet(_part(self._folder, part), glob=False)

    def read_each(self, parts: Sequence[int]) -> list[pl.DataFrame]:
        """The rows of each of these parts; together, which takes a fifth of the time where parts are small."""
        paths = [_part(self._folder, part) for part in parts]
        together = pl.read_parquet(paths, include_file_paths=_FILE, glob=False)
        by_file = together.partition_by(_FILE, as_dict=True, include_key=False)
        nothing = together.drop(_FILE).clear()
        return [by_file.get((str(path),), nothing) for path in paths]

    def read_all(self, parts: int | None = None) -> pl.DataFrame:
        """The rows of every part, or of so many, in order."""
        return pl.read_parquet(_parts(self._folder)[:parts], glob=False)

    def set_aside(self, part: int | None = None) -> pl.DataFrame:
        """The rows of every part, or of one, that could not be done."""
        paths = _parts(self._set_aside) if part is None else [_part(self._set_aside, part)]
        frames = [pl.read_parquet(path, glob=False) for path in paths if path.exists()]
        return pl.concat(frames) if frames else NOTHING_SET_ASIDE

    def rows(self, part: int) -> int:
        """How many rows a part holds."""
        return _height(_part(self._folder, part))

    def count(self) -> int:
        """How many rows the table holds."""
        return sum(_height(path) for path in _parts(self._folder))

    def forget_after(self, parts: int, journals: Collection[int] = ()) -> None:
        """Remove what an earlier run left: parts from this number on, unfinished files, and journals but for these.

        A part that is whole may have one, where the run was killed between the two.
        """
        for folder in (self._folder, self._set_aside):
            keep = {*(_part(folder, part) for part in range(parts)), *(_journal(folder, part) for part in journals)}
            for path in set(folder.glob("*part-*")) - keep:
                path.unlink()


def _part(folder: Path, part: int) -> Path:
    return folder / f"part-{part:05}.parquet"


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def _journal(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.journal"
