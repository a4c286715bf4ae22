"""Packs tables of a run into a few larger files for the Hub, and back: the same parts with the same fingerprints."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from pydantic import BaseModel

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Table, fingerprint
from sdrrl_data.run.disk import digest_of, fingerprint_of, write_parquet

ROWS = 50_000  # in a file; more only if a single part has more
PART = "run_part"  # a column that no table has: the part that a row belongs to
SET_ASIDE = "set_aside.parquet"


class Packed(BaseModel):
    """A table, as it is on the Hub."""

    parts: list[str]  # the fingerprint of each
    files: dict[str, str]  # name -> SHA-256


def pack(table: Table, folder: Path) -> Packed:
    """Write a table into a folder. An existing file stays if it holds the same parts.

    A file is filled before the next one is begun, so that only the last file changes when a table grows.
    """
    fingerprints = [str(part_fingerprint) for part_fingerprint in table.fingerprints(table.parts())]
    names = []
    for number, parts in enumerate(_groups([table.rows(part) for part in range(len(fingerprints))])):
        names.append(f"rows-{number:05}.parquet")
        of_file = fingerprint([fingerprints[part] for part in parts])
        if fingerprint_of(folder / names[-1]) != of_file:
            write_parquet(_with_part_numbers(parts, [*table.read_each(parts)]), folder / names[-1], of_file)
    every_part = range(len(fingerprints))
    aside = _with_part_numbers(every_part, [table.set_aside(part) for part in every_part])
    if not aside.is_empty():
        names.append(SET_ASIDE)
        write_parquet(aside, folder / SET_ASIDE, fingerprint(fingerprints))
    return Packed(parts=fingerprints, files={name: digest_of(folder / name) for name in names})


def unpack(packed: Packed, folder: Path, table: Table) -> None:
    """Write the parts of a table that are missing.

    Args:
        packed: the parts and the files of the table.
        folder: has the files.
        table: of a run; some of its parts may be there already.
    """
    aside = _by_part(folder / SET_ASIDE) if SET_ASIDE in packed.files else {}
    missing_parts = {
        part: part_fingerprint
        for part, part_fingerprint in enumerate(packed.parts)
        if not table.done(part, part_fingerprint)
    }
    names = sorted(packed.files.keys() - {SET_ASIDE})
    empty = pl.read_parquet(folder / names[0], n_rows=0, glob=False).drop(PART)
    for name in names:
        for part, rows in _by_part(folder / name).items():
            if part_fingerprint := missing_parts.pop(part, None):
                table.write(part, Part(rows, aside.get(part, NOTHING_SET_ASIDE)), part_fingerprint)
    for part, part_fingerprint in missing_parts.items():  # they have no rows
        table.write(part, Part(empty, aside.get(part, NOTHING_SET_ASIDE)), part_fingerprint)


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


def _with_part_numbers(parts: Sequence[int], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    numbered = [
        rows.with_columns(pl.lit(part, dtype=pl.Int32).alias(PART)) for part, rows in zip(parts, frames, strict=True)
    ]
    return pl.concat(numbered, rechunk=True)


def _by_part(path: Path) -> dict[int, pl.DataFrame]:
    frames = pl.read_parquet(path, glob=False).partition_by(PART, as_dict=True, include_key=False)
    return {int(part): rows for (part,), rows in frames.items()}
