"""Scores: slow, and made once. What they mean for a row is for the verdicts to say."""

from collections.abc import Sequence

import polars as pl

from sdrrl_data.protocols import Advance, Scorer
from sdrrl_data.steps import text_pairs


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
    pairs = [text_pairs.question(row) for row in rows.iter_rows(named=True)]
    pairs += [text_pairs.answer(row) for row in rows.iter_rows(named=True)]
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
