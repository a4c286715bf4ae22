"""Tables of a run as a few larger files for the Hub, and back: the same parts with the same fingerprints."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from pydantic import BaseModel

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Table, fingerprint
from sdrrl_data.run.disk import digest_of, fingerprint_of, write_parquet

ROWS = 50_000  # in a file, unless one part alone has more
PART = "run_part"  # a column that no table has: the part that a row is of
SET_ASIDE = "set_aside.parquet"


class Packed(BaseModel):
    """A table as it lies on the Hub."""

    parts: list[str]  # the fingerprint of each
    files: dict[str, str]  # name -> SHA-256


def pack(table: Table, folder: Path) -> Packed:
    """Write a table into a folder. Files that are there already are kept where they hold the same parts.

    A file is full before the next is begun, so that a table that grew changes its last file alone.
    """
    prints = [str(print) for print in table.fingerprints(table.parts())]
    names = []
    for number, parts in enumerate(_groups([table.rows(part) for part in range(len(prints))])):
        names.append(f"rows-{number:05}.parquet")
        shaping = fingerprint([prints[part] for part in parts])
        if fingerprint_of(folder / names[-1]) != shaping:
            write_parquet(_together(parts, table.read_each(parts)), folder / names[-1], shaping)
    aside = _together(range(len(prints)), [table.set_aside(part) for part in range(len(prints))])
    if not aside.is_empty():
        names.append(SET_ASIDE)
        write_parquet(aside, folder / SET_ASIDE, fingerprint(prints))
    return Packed(parts=prints, files={name: digest_of(folder / name) for name in names})


def unpack(packed: Packed, folder: Path, table: Table) -> None:
    """Write the parts of a table that are not there yet.

    Args:
        packed: what the table holds.
        folder: has its files.
        table: of a run that may have some parts already.
    """
    aside = _apart(pl.read_parquet(folder / SET_ASIDE)) if SET_ASIDE in packed.files else {}
    missing = {part: print for part, print in enumerate(packed.parts) if not table.done(part, print)}
    names = sorted(packed.files.keys() - {SET_ASIDE})
    empty = pl.read_parquet(folder / names[0], n_rows=0).drop(PART)
    for name in names:
        for part, own in _apart(pl.read_parquet(folder / name)).items():
            if print := missing.pop(part, None):
                table.write(part, Part(own, aside.get(part, NOTHING_SET_ASIDE)), print)
    for part, print in missing.items():  # they have no rows
        table.write(part, Part(empty, aside.get(part, NOTHING_SET_ASIDE)), print)


def _groups(sizes: Sequence[int]) -> Iterator[range]:
    """The parts of each file, in order."""
    start = rows = 0
    for part, size in enumerate(sizes):
        if rows and rows + size > ROWS:
            yield range(start, part)
            start, rows = part, 0
        rows += size
    if sizes:
        yield range(start, len(sizes))


def _together(parts: Sequence[int], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    numbered = [
        rows.with_columns(pl.lit(part, dtype=pl.Int32).alias(PART)) for part, rows in zip(parts, frames, strict=True)
    ]
    return pl.concat(numbered, rechunk=True)


def _apart(rows: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {int(part): own for (part,), own in rows.partition_by(PART, as_dict=True, include_key=False).items()}
