"""Packs tables of a run into a few larger files for the Hub, and back: the same parts with the same fingerprints."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
from pydantic import BaseModel

from sdrrl_data.errors import UserError
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Table, fingerprint
from sdrrl_data.run.disk import digest_of, fingerprint_of, write_parquet

ROWS = 50_000  # in a file; more only if a single part has more
PART = "run_part"  # a column that no table has: the part that a row belongs to
SET_ASIDE_FILE = "set_aside.parquet"


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
        names.append(SET_ASIDE_FILE)
        write_parquet(aside, folder / SET_ASIDE_FILE, fingerprint(fingerprints))
    return Packed(parts=fingerprints, files={name: digest_of(folder / name) for name in names})


def unpack(packed: Packed, read: Callable[[str], pl.DataFrame], table: Table, where: str) -> None:
    """Write the parts of a table that are missing, and remove what an earlier call left unfinished.

    Args:
        packed: the parts and the files of the table.
        read: reads a file, by its name.
        table: of a run; some of its parts may be there already.
        where: the files are, for error messages.

    Raises:
        UserError: the rows are not of these parts. What `read` raises is raised, too.
    """
    aside = _by_part(read(SET_ASIDE_FILE), packed, where) if SET_ASIDE_FILE in packed.files else {}
    missing_parts = {
        part: part_fingerprint
        for part, part_fingerprint in enumerate(packed.parts)
        if not table.done(part, part_fingerprint)
    }
    empty: pl.DataFrame | None = None
    for name in sorted(packed.files.keys() - {SET_ASIDE_FILE}):
        rows = read(name)
        empty = rows.clear().drop(PART, strict=False)
        for part, rows_of_part in _by_part(rows, packed, where).items():
            if part_fingerprint := missing_parts.pop(part, None):
                table.write(part, Part(rows_of_part, aside.get(part, NOTHING_SET_ASIDE)), part_fingerprint)
    if empty is None:
        raise UserError(f"{where} has no files, so no run can be made of it")
    for part, part_fingerprint in missing_parts.items():  # they have no rows
        table.write(part, Part(empty, aside.get(part, NOTHING_SET_ASIDE)), part_fingerprint)
    table.forget_after(len(packed.parts))  # what a killed process was writing


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


def _by_part(rows: pl.DataFrame, packed: Packed, where: str) -> dict[int, pl.DataFrame]:
    numbers = rows[PART] if PART in rows.columns else pl.Series([None])
    if numbers.dtype != pl.Int32 or not numbers.is_in(range(len(packed.parts))).all():
        raise UserError(f"{where} has rows that belong to none of its parts, so no run can be made of it")
    return {int(part): frame for (part,), frame in rows.partition_by(PART, as_dict=True, include_key=False).items()}
