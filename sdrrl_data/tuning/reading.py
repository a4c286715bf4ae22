"""The scores of a run, and the texts behind them, as far as they are there."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from sdrrl_data.protocols import TextPair
from sdrrl_data.run import Run
from sdrrl_data.steps import scores


class Scored(NamedTuple):
    """The scores of one target."""

    scores: pl.DataFrame  # a row a seed, as `scores.joined` has them; null where a table does not have the row yet
    rows: dict[str, int]  # of each table: "scores-comet" -> rows


class Near(NamedTuple):
    """A row whose value lies near a bound."""

    id: str
    value: float
    passes: bool


def read(run: Run, tgt: str, names: Sequence[str]) -> Scored:
    """Of these tables of scores of a target those that are there, side by side; no row where there is none."""
    tables = [(name, run.table(f"{tgt}/{name}")) for name in names]
    frames = {name: table.read_all() for name, table in tables if table.parts()}
    rows = {name: frame.height for name, frame in frames.items()}
    if not frames:
        return Scored(pl.DataFrame(schema={"id": pl.String}), rows)
    first, *others = frames.values()
    if all(first["id"].equals(other["id"]) for other in others):
        return Scored(scores.joined([first, *others]), rows)
    for other in others:
        first = first.join(other, on="id", how="full", coalesce=True, maintain_order="left_right")
    return Scored(first, rows)


def nearest(scores: pl.DataFrame, column: str, bound: float, upper: bool, rows: int = 2) -> list[Near]:
    """So many rows on either side of a bound with the values nearest to it, the lowest first.

    Args:
        scores: of one target.
        column: that the bound is for.
        bound: a value that equals it passes.
        upper: whether what is above it fails; else what is below.
        rows: how many on either side.
    """
    value = pl.col("value")
    table = scores.select("id", value=column).drop_nulls()
    table = table.with_columns(passes=value <= bound if upper else value >= bound)
    low, high = table.filter(passes=upper), table.filter(passes=not upper)
    found = [low.top_k(rows, by=["value", "id"]), high.bottom_k(rows, by=["value", "id"])]
    return [Near(*row) for row in pl.concat(found).sort("value", "id").iter_rows()]


def texts(run: Run, tgt: str, parts: int, ids: Collection[str]) -> dict[str, dict[str, TextPair]]:
    """The question and the answer of these seeds, each with its translation: id -> "question" or "answer" -> texts.

    Args:
        run: where they are.
        tgt: tag of the target language.
        parts: how many the run is to have; some may be missing.
        ids: of the seeds; those that are not there are left out.
    """
    found: dict[str, dict[str, TextPair]] = {}
    tables = [run.table(name) for name in ("seeds", "answers", f"{tgt}/translations")]
    for part in range(parts):
        if len(found) < len(ids) and all(table.has(part) for table in tables):
            wanted = tables[-1].read(part).filter(pl.col("id").is_in(list(ids)))
            if not wanted.is_empty():
                pairs = scores.pairs_of(tables[0].read(part), tables[1].read(part), wanted)
                for id, question, answer in zip(*pairs, strict=True):
                    found[id] = {"question": question, "answer": answer}
    return found
