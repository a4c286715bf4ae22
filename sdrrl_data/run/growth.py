"""How a run grows: new seeds make new parts, and the existing parts keep their bytes.

A growth is the list of the sizes of its parts; a run that never grew has one.
"""

from collections.abc import Sequence
from itertools import accumulate

import polars as pl

from sdrrl_data.run import Part, Table, fingerprint_of_rows
from sdrrl_data.run.parts import PartsOnDemand
from sdrrl_data.run.stored import Rows

Growths = list[list[int]]


def unchanged(earlier_growths: Sequence[Sequence[int]], rows: Rows, table: Table) -> int:
    """How many leading parts still hold the same seeds.

    Args:
        earlier_growths: how the run grew so far.
        rows: the seeds as they are now.
        table: the seeds as they were; a part that is not written yet counts as unchanged.
    """
    start = 0
    sizes = [size for growth in earlier_growths for size in growth]
    for part, size in enumerate(sizes):
        now = rows.slice(start, size)
        if now.height < size or (table.has(part) and not table.done(part, fingerprint_of_rows(now))):
            return part
        start += size
    return len(sizes)


def fitting(earlier_growths: Sequence[Sequence[int]], rows: int) -> int:
    """How many leading parts together hold at most this many rows."""
    parts = 0
    for size in (size for growth in earlier_growths for size in growth):
        rows -= size
        if rows < 0:
            break
        parts += 1
    return parts


def grown(earlier_growths: Sequence[Sequence[int]], unchanged_parts: int, rows: int, part_rows: int) -> Growths:
    """How the run grows to this many rows: the parts that are kept, then new parts of `part_rows`.

    If the last growth has lost some of its parts, the new parts replace them.
    """
    growths: Growths = []
    last_is_complete = True
    for growth in earlier_growths:
        sizes = list(growth[:unchanged_parts])
        unchanged_parts -= len(sizes)
        if sizes:
            growths.append(sizes)
            last_is_complete = len(sizes) == len(growth)
    new_rows = rows - sum(map(sum, growths))
    new_sizes = [min(part_rows, new_rows - start) for start in range(0, new_rows, part_rows)]
    if new_sizes and last_is_complete:
        growths.append(new_sizes)
    elif new_sizes:
        growths[-1] += new_sizes
    return growths


def cut(
    rows: Rows, set_aside: pl.DataFrame, growths: Sequence[Sequence[int]], aside: Sequence[pl.DataFrame]
) -> Sequence[Part]:
    """Split the seeds into parts.

    Rows that were set aside before stay with their part (`aside`: those of the parts that are written); new ones go to
    the last part.
    """
    sizes = [size for growth in growths for size in growth]
    starts = [0, *accumulate(sizes)]
    new_set_aside = set_aside.filter(~pl.col("id").is_in([id for of_part in aside for id in of_part["id"]]))
    set_aside_by_part = [*aside, *[set_aside.clear()] * (len(sizes) - len(aside))]
    if len(sizes) > len(aside):
        set_aside_by_part[-1] = new_set_aside
    return PartsOnDemand(len(sizes), lambda part: Part(rows.slice(starts[part], sizes[part]), set_aside_by_part[part]))
