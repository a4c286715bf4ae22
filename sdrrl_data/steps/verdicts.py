"""Verdicts: thresholds applied to scores. Cheap: changing a threshold never scores again."""

from collections.abc import Mapping

import polars as pl

from sdrrl_data.recipe import Threshold

FAILURES = pl.List(pl.Struct({"text": pl.String, "filter": pl.String, "value": pl.Float64, "threshold": pl.String}))


def judge(scores: pl.DataFrame, thresholds: Mapping[str, Threshold]) -> pl.DataFrame:
    """One row a seed: which of its four texts are kept, and every filter that one of them failed.

    Columns: `id`; `question_src`, `question_tgt`, `answer_src`, `answer_tgt` (kept or not: a translation is kept
    only if its source is); `failures` (text, filter, value, threshold). A score that is missing fails nothing.
    """
    failed = [
        pl.when(fails).then(
            pl.struct(
                text=pl.lit(text),
                filter=pl.lit(name),
                value=pl.col(column),
                threshold=pl.lit(f"{sign} {bound:g}"),
            )
        )
        for name, threshold in sorted(thresholds.items())
        for column, text in _columns(scores, name)
        for sign, bound, fails in _bounds(column, threshold)
    ]
    failures = pl.concat_list(failed).list.drop_nulls() if failed else pl.lit([])
    return (
        scores.select("id", failures=failures.cast(FAILURES))
        .with_columns(
            ~pl.col("failures").list.eval(pl.element().struct.field("text")).list.contains(pl.lit(text)).alias(text)
            for text in ("question_src", "question_tgt", "answer_src", "answer_tgt")
        )
        .select(
            "id",
            "question_src",
            pl.col("question_tgt") & pl.col("question_src"),
            "answer_src",
            pl.col("answer_tgt") & pl.col("answer_src"),
            "failures",
        )
    )


def _columns(scores: pl.DataFrame, name: str) -> list[tuple[str, str]]:
    """The score's columns, each with the text that it judges."""
    side = "src" if name.startswith("src_") else "tgt"
    found = ((f"{part}_{name}", f"{part}_{side}") for part in ("question", "answer"))
    return [(column, text) for column, text in found if column in scores.columns]


def _bounds(column: str, threshold: Threshold) -> list[tuple[str, float, pl.Expr]]:
    bounds = []
    if threshold.min is not None:
        bounds.append((">=", threshold.min, pl.col(column) < threshold.min))
    if threshold.max is not None:
        bounds.append(("<=", threshold.max, pl.col(column) > threshold.max))
    return bounds
