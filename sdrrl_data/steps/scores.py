"""Scores: slow, and made once. What they mean for a row is for the verdicts to say."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from sdrrl_data.protocols import Advance, Scorer, TextPair, Unit


def score(
    seeds: pl.DataFrame,
    answers: pl.DataFrame,
    translations: pl.DataFrame,
    scorers: Sequence[Scorer],
    advance: Advance,
) -> pl.DataFrame:
    """One row a seed: every score of its question (`question_…`) and of its answer (`answer_…`).

    Names that go on with `src_` judge the text in the source language; all others judge its translation.
    """
    rows = translations.join(seeds.select("id", "messages"), on="id", how="inner", maintain_order="left").join(
        answers.select("id", "author", "faults", source_answer="answer"),
        on="id",
        how="inner",
        maintain_order="left",
    )
    pairs = [_question(row) for row in rows.iter_rows(named=True)]
    pairs += [_answer(row) for row in rows.iter_rows(named=True)]
    share = 1 / (2 * max(len(scorers), 1))
    columns: dict[str, list[float | None]] = {}
    for scorer in scorers:
        for name, values in scorer.score(pairs, lambda done: advance(done * share)).items():
            columns[f"question_{name}"] = values[: rows.height]
            columns[f"answer_{name}"] = values[rows.height :]
    return rows.select(
        "id",
        (~_has_fault("cut")).cast(pl.Float64).alias("answer_src_finished"),
        _has_fault("refused").cast(pl.Float64).alias("answer_src_refused"),
        *(pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()),
    )


def _has_fault(fault: str) -> pl.Expr:
    """Whether an answer has a fault. A reference answer has none: the faults are those of the answer it stands for."""
    return (pl.col("author") == "model") & pl.col("faults").list.contains(pl.lit(fault))


def _question(row: dict[str, Any]) -> TextPair:
    """All turns of a question as one text, so that a bad turn is seen wherever it stands."""
    source, target, units = "", "", []
    turns = zip(row["messages"], row["question"], row["question_units"], strict=True)
    for number, (message, translated, spans) in enumerate(turns):
        gap = "\n\n" if number else ""
        source, target = source + gap, target + gap
        units += [
            Unit(a + len(source), b + len(source), c + len(target), d + len(target)) for a, b, c, d in _units(spans)
        ]
        source, target = source + message["content"], target + translated["content"]
    return TextPair(source, target, units)


def _answer(row: dict[str, Any]) -> TextPair:
    return TextPair(row["source_answer"], row["answer"], list(_units(row["answer_units"])))


def _units(spans: Iterable[dict[str, int]]) -> Iterable[Unit]:
    return (Unit(**span) for span in spans)
