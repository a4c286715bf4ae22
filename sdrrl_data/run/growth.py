"""How a run grows: new seeds make new parts, and what was there keeps its bytes.

A growth is the list of the sizes of its parts; a run that never grew has one.
"""

from collections.abc import Sequence

import polars as pl

from sdrrl_data.run import Part, Table, fingerprint

Growths = list[list[int]]


def unchanged(known: Sequence[Sequence[int]], rows: pl.DataFrame, table: Table) -> int:
    """How many leading parts still hold the same seeds.

    Args:
        known: how the run grew so far.
        rows: the seeds as they are now.
        table: the seeds as they were; a part that was not written yet is taken to fit.
    """
    start = 0
    sizes = [size for growth in known for size in growth]
    for part, size in enumerate(sizes):
        now = rows.slice(start, size)
        if now.height < size or (table.has(part) and not table.done(part, fingerprint(now.to_dicts()))):
            return part
        start += size
    return len(sizes)


def fitting(known: Sequence[Sequence[int]], rows: int) -> int:
    """How many leading parts together hold no more than so many rows."""
    parts = 0
    for size in (size for growth in known for size in growth):
        rows -= size
        if rows < 0:
            break
        parts += 1
    return parts


def grown(known: Sequence[Sequence[int]], unchanged_parts: int, rows: int, part_rows: int) -> Growths:
    """How the run grows to so many rows: the parts that are kept, then new ones of `part_rows`.

    Where a growth has lost some of its parts, the new ones take their place in it.
    """
    growths: Growths = []
    whole = True
    for growth in known:
        sizes = list(growth[:unchanged_parts])
        unchanged_parts -= len(sizes)
        if sizes:
            growths.append(sizes)
            whole = len(sizes) == len(growth)
    rest = rows - sum(map(sum, growths))
    new = [min(part_rows, rest - start) for start in range(0, rest, part_rows)]
    if new and whole:
        growths.append(new)
    elif new:
        growths[-1] += new
    return growths


def cut(read: Part, growths: Sequence[Sequence[int]], aside: Sequence[pl.DataFrame]) -> list[Part]:
    """Seeds in parts.

    What was set aside stays with the part that has it (`aside`, of the parts that are written), or goes with the last.
    """
    sizes = [size for growth in growths for size in growth]
    starts = [sum(sizes[:part]) for part in range(len(sizes))]
    new = read.set_aside.filter(~pl.col("id").is_in([id for set_aside in aside for id in set_aside["id"]]))
    asides = [*aside, *[read.set_aside.clear()] * (len(sizes) - len(aside))]
    if len(sizes) > len(aside):
        asides[-1] = new
    return [
        Part(read.rows.slice(start, size), set_aside)
        for start, size, set_aside in zip(starts, sizes, asides, strict=True)
    ]
