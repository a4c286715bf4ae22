"""Preferences made of direct answers: the translated answer is chosen, the model's own in the target language rejected.

The model answers better in the source language, and the translation carries that over. Source: Yang et al. 2025
(Language Imbalance Driven Rewarding), https://arxiv.org/abs/2410.08964, who translate with the model itself.
"""

from collections.abc import Mapping

import polars as pl

from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema

KIND = "direct"  # of the rejected answer
SCHEMA: Schema = {
    "id": pl.String,
    "seed_id": pl.String,
    "task": pl.String,  # "answer", as in the transfer set
    "direction": pl.String,
    "prompt": MESSAGES,
    "chosen": MESSAGES,
    "rejected": MESSAGES,
    "rejected_kind": pl.String,
    "switched": SWITCHED,  # nothing
    "weight": pl.Float64,
    "source": pl.String,
}


def make(tables: Mapping[str, pl.DataFrame], tgt: str) -> pl.DataFrame:
    """One pair for each question that the model answered in the target language itself, with the columns of `SCHEMA`.

    The translated question and answer were kept, and the pair has their weight. A direct answer of any fault is a
    rejected one, also in the wrong language; but an answer that is the chosen one teaches no preference, and gives no
    pair.

    Args:
        tables: the rows of the same seeds in seeds, translations, verdicts and direct_answers.
        tgt: tag of the target language.
    """
    weights = tables["verdicts"].select("id", weight=pl.col("question_tgt") * pl.col("answer_tgt"))
    rows = (
        tables["direct_answers"]
        .select("id", rejected="answer")
        .join(weights, on="id", maintain_order="left")
        .join(tables["translations"].select("id", prompt="question", chosen="answer"), on="id", maintain_order="left")
        .join(tables["seeds"].select("id", "source"), on="id", maintain_order="left")
        .filter(pl.col("weight") > 0, pl.col("rejected").str.strip_chars() != pl.col("chosen").str.strip_chars())
    )
    direction = f"{tgt}->{tgt}"
    return rows.select(
        pl.col("id") + f"/{direction}/rejected-{KIND}",
        pl.col("id").alias("seed_id"),
        pl.lit("answer").alias("task"),
        pl.lit(direction).alias("direction"),
        "prompt",
        *(
            pl.concat_list(pl.struct(role=pl.lit("assistant"), content=name)).alias(name)
            for name in ("chosen", "rejected")
        ),
        pl.lit(KIND).alias("rejected_kind"),
        pl.lit([], dtype=SWITCHED).alias("switched"),
        "weight",
        "source",
    ).cast(pl.Schema(SCHEMA))
