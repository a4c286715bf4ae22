"""Rows of the transfer set made from seeds and their answers: the four crossings, and code-switched rows."""

from collections.abc import Mapping

import polars as pl

from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS
from sdrrl_data.steps.verdicts import TEXTS


def make(tables: Mapping[str, pl.DataFrame], choose_prompt: PromptChooser, src: str, tgt: str) -> pl.DataFrame:
    """Every row that the verdicts allow, with the product of its texts' weights.

    Args:
        tables: all rows of seeds, answers, translations, verdicts and, if the mix needs it, code_switched.
        choose_prompt: chooses the sentence in which a crossed row says which language to answer in.
        src: tag of the source language.
        tgt: tag of the target language.
    """
    joined = (
        tables["verdicts"]
        .rename({text: _weight(text) for text in TEXTS})
        .join(tables["seeds"].select("id", "source", question_src="messages"), on="id", maintain_order="left")
        .join(tables["answers"].select("id", answer_src="answer"), on="id", maintain_order="left")
        .join(
            tables["translations"].select("id", question_tgt="question", answer_tgt="answer"),
            on="id",
            maintain_order="left",
        )
    )
    tags = {"src": src, "tgt": tgt}
    rows = [_crossing(joined, kind, choose_prompt, tags) for kind in CROSSINGS]
    if "code_switched" in tables:
        rows += [_code_switched(joined, tables["code_switched"], matrix, tags) for matrix in ("src", "tgt")]
    return pl.concat(rows)


def _crossing(joined: pl.DataFrame, kind: str, choose_prompt: PromptChooser, tags: Mapping[str, str]) -> pl.DataFrame:
    question_side, answer_side = kind.split("->")
    weight = pl.col(_weight(f"question_{question_side}")) * pl.col(_weight(f"answer_{answer_side}"))
    rows = joined.filter(weight > 0)
    question = pl.col(f"question_{question_side}")
    if question_side != answer_side:
        # Without this sentence the answer's language would be a surprise, which teaches language confusion.
        sentences = [choose_prompt("answer_in", tags[question_side], id + kind) for id in rows["id"]]
        rows = rows.with_columns(language_request=pl.Series(sentences, dtype=pl.String))
        question = _append(question, "language_request")
    direction = f"{tags[question_side]}->{tags[answer_side]}"
    row = _row(kind, direction, question, pl.col(f"answer_{answer_side}"), weight)
    return rows.select(*row).cast(pl.Schema(CANDIDATES))


def _code_switched(joined: pl.DataFrame, switched: pl.DataFrame, matrix: str, tags: Mapping[str, str]) -> pl.DataFrame:
    """Questions and answers in one language with words or sentences of the other in them.

    A text with words of both languages must be kept in both. It has the weight of its translation, which includes the
    weight of the source.
    """
    direction = f"{tags[matrix]}->{tags[matrix]}"
    texts = pl.col("switched_spans").list.eval(pl.element().struct.field("text"))
    question, answer = (
        pl.when(texts.list.contains(pl.lit(name))).then(_weight(f"{text}_tgt")).otherwise(_weight(f"{text}_{matrix}"))
        for text, name in (("question", "prompt"), ("answer", "completion"))
    )
    row = _row("code_switched", direction, pl.col("question"), pl.col("answer"), question * answer)
    return (
        switched.filter(pl.col("switched").list.len() > 0, matrix=matrix)
        .select("id", "question", "answer", switched_spans="switched")
        .join(joined, on="id", how="inner", maintain_order="left")
        .select(*row, "switched_spans")
        .filter(pl.col("weight") > 0)
        .with_columns(id=pl.col("id") + "/switched", code_switched=True, switched="switched_spans")
        .drop("switched_spans")
        .cast(pl.Schema(CANDIDATES))
    )


def _weight(text: str) -> str:
    """The name of the column with a text's weight."""
    return f"{text}_weight"


def _row(kind: str, direction: str, question: pl.Expr, answer: pl.Expr, weight: pl.Expr) -> list[pl.Expr]:
    """The columns of `CANDIDATES`."""
    return [
        (pl.col("id") + f"/{direction}").alias("id"),
        pl.col("id").alias("seed_id"),
        pl.lit(kind).alias("kind"),
        pl.lit("answer").alias("task"),
        pl.lit(direction).alias("direction"),
        question.alias("prompt"),
        pl.concat_list(pl.struct(role=pl.lit("assistant"), content=answer)).alias("completion"),
        pl.lit(False).alias("code_switched"),
        pl.lit([], dtype=CANDIDATES["switched"]).alias("switched"),
        weight.alias("weight"),
        pl.col("source"),
    ]


def _append(messages: pl.Expr, sentence: str) -> pl.Expr:
    """Messages with a sentence, from the column of this name, added to the end of the last message."""
    last = messages.list.last()
    content = last.struct.field("content") + "\n\n" + pl.col(sentence)
    turn = pl.struct(role=last.struct.field("role"), content=content)
    earlier = messages.list.head(messages.list.len() - 1)
    return pl.concat_list(earlier, turn)
