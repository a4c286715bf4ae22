"""A few rows of a transfer set, as the card shows them."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

LONGEST = 600  # characters of a turn that are shown


def examples(rows: pl.DataFrame, src: str, tgt: str) -> Iterator[tuple[str, str]]:
    """A row of each direction and one code-switched row, if there are any: id and text of each."""
    # The seeds with the most rows come first: the same question in every direction shows best what the directions are.
    answers = rows.filter(task="answer").sort(pl.len().over("seed_id"), "id", descending=[True, False])
    of_directions = [
        answers.filter(direction=f"{question_language}->{answer_language}", code_switched=False)
        for question_language in (src, tgt)
        for answer_language in (src, tgt)
    ]
    for candidates in (*of_directions, answers.filter("code_switched")):
        for row in candidates.head(1).iter_rows(named=True):
            yield row["id"], _text(row)


def _text(row: Mapping[str, Any]) -> str:
    turns = [f"{turn['role']}: {_cut(turn['content'])}" for turn in (*row["prompt"], *row["completion"])]
    if row["switched"]:
        words = [f"{word['original']} → {word['replacement']}" for word in row["switched"]]
        turns.append(f"switched: {_cut(', '.join(words))}")
    return "\n\n".join(turns)


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]} [… {more:,} more characters]" if more > 0 else text
