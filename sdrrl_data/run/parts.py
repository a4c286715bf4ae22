"""Parts of tables: their rows, the rows that were set aside, and the fingerprint of all that shaped them."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

import polars as pl

from sdrrl_data.protocols import SetAside
from sdrrl_data.run.journal import Journal
from sdrrl_data.run.shuffled import Shuffled

SET_ASIDE = {"id": pl.String, "reason": pl.String, "row": pl.String}
SOURCE_ID = "source_id"  # a column of the seeds that 0.1.0 did not have: a row's id in its source


class Part(NamedTuple):
    """A part of a table."""

    rows: pl.DataFrame
    set_aside: pl.DataFrame  # rows that could not be processed: their id, the reason, the row as JSON
    figures: Mapping[str, Any] | None = None  # what was counted while it was made, as JSON values
    again: Sequence[str] = ()  # what a server failed at, such as ids of rows: to be asked for again
    shuffled: Shuffled | None = (
        None  # of a dataset whose rows are too many for memory: they are here, and not in `rows`
    )


class PartsOnDemand(Sequence[Part]):
    """Parts that are read when they are asked for, because together they may not fit into memory.

    Args:
        count: how many there are.
        read: reads the one with this number.
    """

    def __init__(self, count: int, read: Callable[[int], Part]) -> None:
        self._numbers = range(count)
        self._read = read

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, part: int) -> Part: ...
    @overload
    def __getitem__(self, part: slice) -> list[Part]: ...
    def __getitem__(self, part: int | slice) -> Part | list[Part]:
        if isinstance(part, slice):
            return [self._read(number) for number in self._numbers[part]]
        return self._read(self._numbers[part])


NOTHING_SET_ASIDE = pl.DataFrame(schema=SET_ASIDE)


class Task(NamedTuple):
    """A part that is to be made."""

    part: int
    tables: Sequence[pl.DataFrame]  # this part of each table from which it is made
    rows: int  # how many rows go into it; or how many it should have, if it has no input
    journal: Journal  # for a step whose rows are expensive


def fingerprint(*shaping: Any) -> str:
    """16 hex digits that stand for everything that shaped a part (anything JSON can hold)."""
    canonical = json.dumps(shaping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=8).hexdigest()


def fingerprint_of_rows(rows: pl.DataFrame) -> str:
    """The fingerprint of a part that was read. The ids of the rows in their source shape nothing."""
    return fingerprint(rows.drop(SOURCE_ID, strict=False).to_dicts())


def digest_of_part(content: Part) -> str:
    """16 hex digits that stand for the rows of a part, and those that were set aside."""
    return fingerprint(content.rows.to_dicts(), content.set_aside.to_dicts())


def set_aside(rows: pl.DataFrame, reasons: Sequence[str]) -> pl.DataFrame:
    """The table of rows that could not be processed, with one reason per row."""
    return pl.DataFrame(
        {
            "id": rows["id"].to_list(),
            "reason": list(reasons),
            "row": [json.dumps(row, ensure_ascii=False) for row in rows.iter_rows(named=True)],
        },
        schema=SET_ASIDE,
    )


def together(contents: Sequence[Part], ids: Sequence[str]) -> Part:
    """The rows of several parts as one part, in the order of these ids.

    Args:
        contents: at least one part; no id occurs twice.
        ids: of all rows that went into them.
    """
    place = pl.DataFrame({"id": ids}, schema={"id": pl.String}).with_row_index("place").unique("id", keep="first")
    rows, refused = (
        pl.concat(tables).join(place, on="id", how="left", maintain_order="left").sort("place", maintain_order=True)
        for tables in ([part.rows for part in contents], [part.set_aside for part in contents])
    )
    again = [id for part in contents for id in part.again]
    return Part(rows.drop("place"), refused.drop("place"), again=again)


def sort_out(rows: pl.DataFrame, results: Sequence[Mapping[str, Any] | SetAside], schema: Mapping[str, Any]) -> Part:
    """A part from the input rows and the result of each row, in the same order."""
    done = [result for result in results if not isinstance(result, SetAside)]
    refusals = [result if isinstance(result, SetAside) else None for result in results]
    refused = rows.filter(pl.Series([refusal is not None for refusal in refusals], dtype=pl.Boolean))
    reasons = [refusal.reason for refusal in refusals if refusal]
    again = [id for id, refusal in zip(rows["id"], refusals, strict=True) if refusal and refusal.again]
    return Part(pl.DataFrame(done, schema=dict(schema)), set_aside(refused, reasons), again=again)
