"""Rows for self-distillation on policy: a question in the target language, and what only the teacher sees.

The teacher is the model itself with the same question and its answer in the source language before it; the student has
to come to the same next words from the question alone, on answers of its own. So there is no answer to copy.

Source: COPSD, Zhao et al. 2026, https://arxiv.org/abs/2605.09548 (the teacher sees the translation of the problem, and
its solution in English). The columns are those that TRL's SDFTTrainer takes.
"""

from collections.abc import Mapping

import polars as pl

from sdrrl_data.steps import answer_rows, transfer_set
from sdrrl_data.steps.schemas import MESSAGES, Schema

CONTENT: Schema = {
    "id": pl.String,
    "seed_id": pl.String,
    "task": pl.String,  # "answer", as in the transfer set
    "direction": pl.String,  # language of the prompt -> language that it is to be answered in, which is the same
    "prompt": MESSAGES,
    "privileged_context": MESSAGES,  # the last turn of the question in the source language, and its answer
    "weight": pl.Float64,
}
SCHEMA: Schema = CONTENT | transfer_set.PROVENANCE


def make(tables: Mapping[str, pl.DataFrame], tgt: str) -> pl.DataFrame:
    """A row for each seed whose translated question and answer the verdicts keep.

    Args:
        tables: the rows of the same seeds in seeds, answers, translations and verdicts.
        tgt: tag of the target language.
    """
    weights = tables["verdicts"].select("id", weight=pl.col("question_tgt") * pl.col("answer_src"))
    kept = weights.filter(pl.col("weight") > 0).join(answer_rows.texts(tables), on="id", maintain_order="left")
    direction = f"{tgt}->{tgt}"
    return kept.select(
        (pl.col("id") + f"/{direction}/distillation").alias("id"),
        pl.col("id").alias("seed_id"),
        pl.lit("answer").alias("task"),
        pl.lit(direction).alias("direction"),
        pl.col("question_tgt").alias("prompt"),
        pl.concat_list(pl.col("question_src").list.tail(1), answer_rows.answered(pl.col("answer_src"))).alias(
            "privileged_context"
        ),
        "weight",
        "source",
    ).cast(pl.Schema(CONTENT | {"source": pl.String}))
