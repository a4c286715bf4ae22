"""A few rows of a transfer set, as the card shows them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

LONGEST = 600  # characters of a turn that are shown


Read = Callable[[Sequence[str] | None], Iterator[pl.DataFrame]]
"""Reads some columns of a transfer set, or all, a file at a time."""


def examples(read: Read, src: str, tgt: str) -> Iterator[tuple[str, str]]:
    """A row of each direction and one code-switched row, if there are any: id and text of each."""
    # The seeds with the most rows come first: the same question in every direction shows best what the directions are.
    rows_of_seeds = pl.DataFrame(schema={"seed_id": pl.String, "rows": pl.UInt32})
    for rows in read(["seed_id", "task"]):
        counted = rows.filter(task="answer").group_by("seed_id").agg(rows=pl.len())
        rows_of_seeds = pl.concat([rows_of_seeds, counted]).group_by("seed_id").agg(pl.col("rows").sum())
    best: dict[tuple[str, bool], tuple[int, str]] = {}  # direction and whether switched -> rows of the seed, id
    for rows in read(["id", "seed_id", "task", "direction", "code_switched"]):
        answers = rows.filter(task="answer").join(rows_of_seeds, on="seed_id")
        first = answers.sort("rows", "id", descending=[True, False]).group_by("direction", "code_switched").first()
        for direction, switched, id, count in first.select("direction", "code_switched", "id", "rows").iter_rows():
            key = (direction, False) if not switched else ("", True)
            best[key] = min(best.get(key, (0, "")), (-count, id))
    directions = [f"{question}->{answer}" for question in (src, tgt) for answer in (src, tgt)]
    ids = [best[key][1] for key in (*((direction, False) for direction in directions), ("", True)) if key in best]
    texts = {
        row["id"]: _text(row)
        for rows in read(None)
        for row in rows.filter(pl.col("id").is_in(ids)).iter_rows(named=True)
    }
    return ((id, texts[id]) for id in ids)


def _text(row: Mapping[str, Any]) -> str:
    turns = [f"{turn['role']}: {_cut(turn['content'])}" for turn in (*row["prompt"], *row["completion"])]
    if row["switched"]:
        words = [f"{word['original']} → {word['replacement']}" for word in row["switched"]]
        turns.append(f"switched: {_cut(', '.join(words))}")
    return "\n\n".join(turns)


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]} [… {more:,} more characters]" if more > 0 else text
