"""Preferences: pairs of answers to one question, of which the one in the language of the question is preferred.

Both ways round: a question in either language, the answer in its language as `chosen`, and the same answer in the other
language as `rejected`. So does Cross-Lingual Optimization (Lee et al. 2025, https://arxiv.org/abs/2505.14297): its
pairs are translations of English instructions and responses, and 3,200 to 6,400 of them are enough. Lee et al. 2025,
https://arxiv.org/abs/2505.19116, train with ORPO on questions in Korean alone; their rejected answers are English, or
Korean with English or Chinese words in them, which here are the code-switched answers.

A model that has answered the translated questions itself gives a third kind: the translated answer is chosen, its own
answer in the target language rejected, whatever its faults. It answers better in the source language, and the
translation carries that over. Source: Yang et al. 2025 (Language Imbalance Driven Rewarding),
https://arxiv.org/abs/2410.08964, who translate with the model itself.

Of several answers to a question, the best by its score is chosen and the worst rejected, as in Yuan et al. 2024
(self-rewarding language models), https://arxiv.org/abs/2401.10020. Only the best is translated, so that these pairs are
in the source language alone. A sample that was cut is not rejected: what is wrong with it is the limit of its length.
"""

from collections.abc import Collection, Mapping

import polars as pl

from sdrrl_data.steps import answer_rows, transfer_set
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema

KINDS = ("other_language", "code_switched", "direct", "samples")  # of rejected answers
OTHER_LANGUAGE, CODE_SWITCHED, DIRECT, SAMPLES = KINDS

CONTENT: Schema = {
    "id": pl.String,
    "seed_id": pl.String,
    "task": pl.String,  # "answer", as in the transfer set
    "direction": pl.String,  # language of the question -> language of the chosen answer, which is the same
    "prompt": MESSAGES,
    "chosen": MESSAGES,
    "rejected": MESSAGES,
    "rejected_kind": pl.String,  # one of KINDS
    "switched": SWITCHED,  # in the rejected answer
    "weight": pl.Float64,
}
# Further columns, where samples are rejected: their scores, and the name of the model whose sample is rejected.
OF_SAMPLES: Schema = {"score_chosen": pl.Float64, "score_rejected": pl.Float64, "generator_rejected": pl.String}
SCHEMA: Schema = CONTENT | transfer_set.PROVENANCE
_ROWS: Schema = CONTENT | {"source": pl.String}


def content(kinds: Collection[str]) -> Schema:
    """The columns that a trainer reads, and what is said of samples, if they are among the rejected answers."""
    return CONTENT | (OF_SAMPLES if SAMPLES in kinds else {})


def make(
    tables: Mapping[str, pl.DataFrame],
    kinds: Collection[str],
    src: str,
    tgt: str,
    margin: float = 0.0,
    native: bool = False,
) -> pl.DataFrame:
    """Every pair of which the verdicts keep all texts, with the product of their weights; see `content` and `_ROWS`.

    Also pairs of answers that are the same text, such as a number, and teach no preference: `differ` tells them apart.

    Args:
        tables: the rows of the same seeds in seeds, answers, translations, verdicts and, for such answers,
            code_switched, direct_answers, and samples one by one.
        kinds: of rejected answers.
        src: tag of the source language.
        tgt: tag of the target language.
        margin: of two samples, how much better the chosen one has to be at least.
        native: whether the answers are native texts: their translations are rejected, and never chosen.
    """
    # The weight of the translated answer includes that of the answer, which is needed too.
    weights = tables["verdicts"].select(
        "id",
        weight_src=pl.col("question_src") * pl.col("answer_tgt"),
        weight_tgt=pl.col("question_tgt") * pl.col("answer_tgt"),
        weight_samples=pl.col("question_src") * pl.col("answer_src"),  # nothing of these pairs is translated
    )
    texts = weights.join(answer_rows.texts(tables), on="id", maintain_order="left")
    tags = {"src": src, "tgt": tgt}
    rows = []
    for side, other in (("tgt", "src"),) if native else (("src", "tgt"), ("tgt", "src")):
        if OTHER_LANGUAGE in kinds:
            suffix = f"rejected-{tags[other]}"
            rows.append(texts.select(_row(side, tags[side], OTHER_LANGUAGE, pl.col(f"answer_{other}"), suffix)))
        if CODE_SWITCHED in kinds:
            with_switched = texts.join(_switched_answers(tables["code_switched"], side), on="id", maintain_order="left")
            columns = _row(side, tags[side], CODE_SWITCHED, pl.col("switched_answer"), "rejected-switched")
            rows.append(with_switched.with_columns(columns).with_columns(switched="spans").select(*_ROWS))
    if DIRECT in kinds:
        with_direct = texts.join(tables["direct_answers"].select("id", direct="answer"), on="id", maintain_order="left")
        rows.append(with_direct.select(_row("tgt", tgt, DIRECT, pl.col("direct"), "rejected-direct")))
    rows = [frame.cast(pl.Schema(_ROWS)) for frame in rows]
    if SAMPLES in kinds:
        rows.append(_best_and_worst(texts, tables, src, margin))
    return pl.concat(rows, how="diagonal").filter(pl.col("weight") > 0)


def differ() -> pl.Expr:
    """Whether the chosen and the rejected answer are different texts."""
    chosen, rejected = (
        pl.col(name).list.last().struct.field("content").str.strip_chars() for name in ("chosen", "rejected")
    )
    return chosen != rejected


def _best_and_worst(texts: pl.DataFrame, tables: Mapping[str, pl.DataFrame], src: str, margin: float) -> pl.DataFrame:
    """Pairs of the answer that was chosen among samples and the worst of the others; see `_ROWS` and `OF_SAMPLES`."""
    chosen = tables["answers"].filter(author="model").select("id", "answer", "sample_score")
    ended = (pl.col("finish_reason") == "stop") & (pl.col("text") != "")
    gap = pl.col("sample_score") - pl.col("score")
    worst = (
        tables["samples"]
        .filter(ended)
        .join(chosen, on="id", maintain_order="left")
        .filter(gap > 0, gap >= margin, pl.col("text") != pl.col("answer"))
        .sort("score", maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
        .select("id", "text", "score", score_chosen="sample_score", generator_rejected="generator")
    )
    both = texts.drop("weight_src").rename({"weight_samples": "weight_src"})
    columns = _row("src", src, SAMPLES, pl.col("text"), "rejected-sample")
    scores = [pl.col("score_chosen"), pl.col("score").alias("score_rejected"), pl.col("generator_rejected")]
    paired = both.join(worst, on="id", maintain_order="left").select(*columns, *scores)
    return paired.cast(pl.Schema(_ROWS | OF_SAMPLES))


def _switched_answers(code_switched: pl.DataFrame, side: str) -> pl.DataFrame:
    """The answers in one language in which something is switched, with the spans."""
    span = pl.element().struct
    in_answer = pl.col("switched").list.eval(pl.element().filter(span.field("text") == "completion"))
    return (
        code_switched.filter(matrix=side)
        .select("id", switched_answer="answer", spans=in_answer)
        .filter(pl.col("spans").list.len() > 0)
        .with_columns(pl.col("spans").list.eval(span.with_fields(text=pl.lit("rejected"))))
    )


def _row(side: str, tag: str, kind: str, rejected: pl.Expr, suffix: str) -> list[pl.Expr]:
    """The columns of `_ROWS`, for questions in the language of this side."""
    direction = f"{tag}->{tag}"
    return [
        pl.concat_str("id", pl.lit(f"/{direction}/{suffix}")).alias("id"),
        pl.col("id").alias("seed_id"),
        pl.lit("answer").alias("task"),
        pl.lit(direction).alias("direction"),
        pl.col(f"question_{side}").alias("prompt"),
        answer_rows.answered(pl.col(f"answer_{side}")).alias("chosen"),
        answer_rows.answered(rejected).alias("rejected"),
        pl.lit(kind).alias("rejected_kind"),
        pl.lit([], dtype=SWITCHED).alias("switched"),
        pl.col(f"weight_{side}").alias("weight"),
        pl.col("source"),
    ]
