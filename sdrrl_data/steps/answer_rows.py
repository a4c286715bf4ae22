"""Rows of the transfer set made from seeds and their answers: the four crossings, and code-switched rows."""

from collections.abc import Mapping

import polars as pl

from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS

KEYS = ("id", "seed_id", "kind", "task", "direction", "weight")  # columns of `CANDIDATES` that hold no text


def keys(verdicts: pl.DataFrame, switched: pl.DataFrame | None, src: str, tgt: str) -> pl.DataFrame:
    """Every row that the verdicts allow, with the product of its texts' weights, without its texts (`KEYS`).

    A text with words of both languages must be kept in both. It has the weight of its translation, which includes the
    weight of the source.

    Args:
        verdicts: of any seeds.
        switched: of the same seeds, if the mix needs them: `id`, `matrix` and `switched` of the code-switched rows.
        src: tag of the source language.
        tgt: tag of the target language.
    """
    tags = {"src": src, "tgt": tgt}
    rows = []
    for kind in CROSSINGS:
        question_side, answer_side = kind.split("->")
        direction = f"{tags[question_side]}->{tags[answer_side]}"
        weight = pl.col(f"question_{question_side}") * pl.col(f"answer_{answer_side}")
        rows.append(verdicts.select(*_keys(kind, f"/{direction}", direction, weight)))
    if switched is not None:
        texts = pl.col("switched").list.eval(pl.element().struct.field("text"))
        judged = switched.filter(pl.col("switched").list.len() > 0).join(verdicts, on="id", maintain_order="left")
        for matrix, tag in tags.items():
            question, answer = (
                pl.when(texts.list.contains(pl.lit(name))).then(f"{text}_tgt").otherwise(f"{text}_{matrix}")
                for text, name in (("question", "prompt"), ("answer", "completion"))
            )
            direction = f"{tag}->{tag}"
            key = _keys("code_switched", f"/{direction}/switched", direction, question * answer)
            rows.append(judged.filter(matrix=matrix).select(*key))
    return pl.concat(rows).filter(pl.col("weight") > 0)


def make(
    tables: Mapping[str, pl.DataFrame], keys: pl.DataFrame, choose_prompt: PromptChooser, src: str, tgt: str
) -> pl.DataFrame:
    """The rows with these keys, and with their texts, kind by kind.

    Args:
        tables: the rows of these seeds in seeds, answers, translations and, if the mix needs it, code_switched.
        keys: as the function `keys` returns them, or some of them.
        choose_prompt: chooses the sentence in which a crossed row says which language to answer in.
        src: tag of the source language.
        tgt: tag of the target language.
    """
    texts_of_seeds = texts(tables)
    tags = {"src": src, "tgt": tgt}
    rows = [_crossing(keys.filter(kind=kind), texts_of_seeds, kind, choose_prompt, tags) for kind in CROSSINGS]
    if "code_switched" in tables:
        switched = tables["code_switched"].with_columns(
            direction=pl.format("{}->{}", *[pl.col("matrix").replace_strict(tags)] * 2)
        )
        rows.append(_code_switched(keys.filter(kind="code_switched"), texts_of_seeds, switched))
    return pl.concat(rows)


def texts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The four texts of each translated seed (`question_src`, …, as in `verdicts.TEXTS`), with `id` and `source`."""
    return (
        tables["seeds"]
        .select("id", "source", question_src="messages")
        .join(tables["answers"].select("id", answer_src="answer"), on="id", maintain_order="left")
        .join(
            tables["translations"].select("id", question_tgt="question", answer_tgt="answer"),
            on="id",
            maintain_order="left",
        )
    )


def _keys(kind: str, suffix: str, direction: str, weight: pl.Expr) -> list[pl.Expr]:
    return [
        (pl.col("id") + suffix).alias("id"),
        pl.col("id").alias("seed_id"),
        pl.lit(kind).alias("kind"),
        pl.lit("answer").alias("task"),
        pl.lit(direction).alias("direction"),
        weight.alias("weight"),
    ]


def _crossing(
    keys: pl.DataFrame, texts: pl.DataFrame, kind: str, choose_prompt: PromptChooser, tags: Mapping[str, str]
) -> pl.DataFrame:
    question_side, answer_side = kind.split("->")
    rows = keys.join(texts, left_on="seed_id", right_on="id", maintain_order="left")
    question = pl.col(f"question_{question_side}")
    if question_side != answer_side:
        # Without this sentence the answer's language would be a surprise, which teaches language confusion.
        sentences = [choose_prompt("answer_in", tags[question_side], id + kind) for id in rows["seed_id"]]
        rows = rows.with_columns(language_request=pl.Series(sentences, dtype=pl.String))
        question = _append(question, "language_request")
    return rows.select(*_row(question, pl.col(f"answer_{answer_side}"))).cast(pl.Schema(CANDIDATES))


def _code_switched(keys: pl.DataFrame, texts: pl.DataFrame, switched: pl.DataFrame) -> pl.DataFrame:
    """Questions and answers in one language with words or sentences of the other in them."""
    return (
        keys.join(
            switched.select("direction", "question", "answer", spans="switched", seed_id="id"),
            on=["seed_id", "direction"],
            maintain_order="left",
        )
        .join(texts.select("source", seed_id="id"), on="seed_id", maintain_order="left")
        .with_columns(_row(pl.col("question"), pl.col("answer")))
        .with_columns(code_switched=True, switched="spans")
        .select(*CANDIDATES)
        .cast(pl.Schema(CANDIDATES))
    )


def _row(question: pl.Expr, answer: pl.Expr) -> list[pl.Expr]:
    """The columns of `CANDIDATES`."""
    return [
        *map(pl.col, KEYS[:-1]),
        question.alias("prompt"),
        answered(answer).alias("completion"),
        pl.lit(False).alias("code_switched"),
        pl.lit([], dtype=CANDIDATES["switched"]).alias("switched"),
        pl.col("weight"),
        pl.col("source"),
    ]


def answered(answer: pl.Expr) -> pl.Expr:
    """An answer as a list of one message."""
    return pl.concat_list(pl.struct(role=pl.lit("assistant"), content=answer))


def _append(messages: pl.Expr, sentence: str) -> pl.Expr:
    """Messages with a sentence, from the column of this name, added to the end of the last message."""
    last = messages.list.last()
    content = last.struct.field("content") + "\n\n" + pl.col(sentence)
    turn = pl.struct(role=last.struct.field("role"), content=content)
    earlier = messages.list.head(messages.list.len() - 1)
    return pl.concat_list(earlier, turn)
