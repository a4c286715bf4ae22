"""A few rows of a transfer set, as the card shows them."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

LONGEST = 600  # characters of a turn that is shown


def examples(rows: pl.DataFrame, src: str, tgt: str) -> Iterator[tuple[str, str]]:
    """A row of each direction and one with a code-switched question, as far as there are any: id and text."""
    # First the seeds with the most rows: the same question in every direction shows best what the directions are.
    answers = rows.filter(task="answer").sort(pl.len().over("seed_id"), "id", descending=[True, False])
    wanted = [
        answers.filter(direction=f"{asked}->{answered}", code_switched=False)
        for asked in (src, tgt)
        for answered in (src, tgt)
    ]
    for found in (*wanted, answers.filter("code_switched")):
        for row in found.head(1).iter_rows(named=True):
            yield row["id"], _shown(row)


def _shown(row: Mapping[str, Any]) -> str:
    shown = [f"{turn['role']}: {_cut(turn['content'])}" for turn in (*row["prompt"], *row["completion"])]
    if row["switched"]:
        words = [f"{word['original']} → {word['replacement']}" for word in row["switched"]]
        shown.append(f"switched: {_cut(', '.join(words))}")
    return "\n\n".join(shown)


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]} [… {more:,} more characters]" if more > 0 else text
