"""Reads the scores of a run, and their texts, as far as the run has them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe.components import Better
from sdrrl_data.run import Run
from sdrrl_data.steps import scores
from sdrrl_data.steps.verdicts import TEXTS


class Scored(NamedTuple):
    """The scores of one target."""

    scores: pl.DataFrame  # a row for each seed, as from `scores.joined`; null if a table does not have the row yet
    rows: dict[str, int]  # of each table: "scores-comet" -> rows


class Near(NamedTuple):
    """A row whose value lies near a bound."""

    id: str
    value: float
    passes: bool


def read(run: Run, tgt: str, names: Sequence[str]) -> Scored:
    """These tables of scores of a target, side by side, without those that do not exist; no rows if none exists."""
    frames = {}
    for name in names:
        table = run.table(f"{tgt}/{name}")
        if parts := [table.read(part) for part in table.numbers() if table.has(part)]:
            frames[name] = pl.concat(parts, how="diagonal")  # a part without rows lacks what a scorer adds
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
    """The rows on both sides of a bound whose values are nearest to it, from the lowest to the highest.

    Args:
        scores: of one target.
        column: the column that the bound applies to.
        bound: a value that equals it passes.
        upper: whether values above the bound fail; otherwise values below it fail.
        rows: how many rows on each side.
    """
    value = pl.col("value")
    table = scores.select("id", value=column).drop_nulls()
    table = table.with_columns(passes=value <= bound if upper else value >= bound)
    low, high = table.filter(passes=upper), table.filter(passes=not upper)
    both_sides = [low.top_k(rows, by=["value", "id"]), high.bottom_k(rows, by=["value", "id"])]
    return [Near(*row) for row in pl.concat(both_sides).sort("value", "id").iter_rows()]


def judged(run: Run, tgt: str, kept: bool, filter: str | None = None) -> list[str]:
    """The ids of the pairs that every filter keeps in both languages, or of those that lose a text, as far as judged.

    Args:
        run: may be unfinished.
        tgt: tag of the target language.
        kept: whether the kept ones are wanted.
        filter: if it is named, those that fail it instead, whatever weight they have then.
    """
    table = run.table(f"{tgt}/verdicts")
    wanted = (pl.min_horizontal(TEXTS) > 0) == pl.lit(kept)
    if filter is not None:
        wanted = pl.col("failures").list.eval(pl.element().struct.field("filter") == pl.lit(filter)).list.any()
    parts = [part for part in table.numbers() if table.has(part)]
    return [id for part in parts for id in table.read(part).filter(wanted)["id"]]


def worst_first(scored: pl.DataFrame, columns: Sequence[str], better: Better) -> dict[str, dict[str, float]]:
    """The ids of pairs by the worst of some scores of each, with these scores; pairs without them are left out.

    Args:
        scored: of one target.
        columns: of the scores.
        better: which of their values are the good ones.

    Returns:
        id -> column -> value, without columns that have none.
    """
    values = [pl.col(column) for column in columns]
    if better == "less":
        badness = pl.max_horizontal(values)
    elif better == "more":
        badness = -pl.min_horizontal(values)
    else:
        badness = pl.max_horizontal((value - value.median()).abs() for value in values)
    ordered = scored.select("id", *columns, badness=badness).drop_nulls("badness")
    ordered = ordered.sort("badness", "id", descending=[True, False]).drop("badness")
    return {id: {c: v for c, v in zip(columns, row, strict=True) if v is not None} for id, *row in ordered.iter_rows()}


def texts(run: Run, tgt: str, parts: int, ids: Collection[str]) -> dict[str, dict[str, TextPair]]:
    """The question and the answer of these seeds, each with its translation: id -> "question" or "answer" -> texts.

    Args:
        run: has the texts.
        tgt: tag of the target language.
        parts: how many parts the run will have; some may be missing.
        ids: of the seeds; those that the run does not have are left out.
    """
    by_id: dict[str, dict[str, TextPair]] = {}
    seeds, answers, translations = (run.table(name) for name in ("seeds", "answers", f"{tgt}/translations"))
    for part in range(parts):
        if len(by_id) < len(ids) and all(table.has(part) for table in (seeds, answers, translations)):
            translated = translations.read(part).filter(pl.col("id").is_in(list(ids)))
            if not translated.is_empty():
                pairs = scores.pairs_of(seeds.read(part), answers.read(part), translated)
                for id, question, answer in zip(*pairs, strict=True):
                    by_id[id] = {"question": question, "answer": answer}
    return by_id
