"""Scores: slow, and computed once. The verdicts decide what they mean for a row."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from sdrrl_data.protocols import Advance, Scorer, TextPair
from sdrrl_data.scoring.comparing import Comparing
from sdrrl_data.steps import text_pairs


class Pairs(NamedTuple):
    """The texts of a part with their translations: one question and one answer per seed."""

    ids: list[str]
    questions: list[TextPair]
    answers: list[TextPair]


def pairs_of(
    seeds: pl.DataFrame, answers: pl.DataFrame, translations: pl.DataFrame, *, with_asked: bool = False
) -> Pairs:
    """The pairs of a part, in the order of its translations.

    Args:
        seeds: the part of the seeds.
        answers: the same part of the answers.
        translations: the same part of the translations.
        with_asked: whether answers come with what was asked.
    """
    answer = text_pairs.asked_answer if with_asked else text_pairs.answer
    rows = translations.join(seeds.select("id", "messages"), on="id", how="inner", maintain_order="left").join(
        answers.select("id", source_answer="answer"), on="id", how="inner", maintain_order="left"
    )
    named = list(rows.iter_rows(named=True))
    return Pairs(rows["id"].to_list(), [text_pairs.question(row) for row in named], [answer(row) for row in named])


def score(
    pairs: Pairs, scorer: Scorer, advance: Advance, *, questions: bool = True, answers: bool = True
) -> pl.DataFrame:
    """One row per seed: every score of its question (`question_…`) and of its answer (`answer_…`).

    Scores whose names continue with `src_` judge the text in the source language; all others judge its translation.

    Args:
        pairs: the texts.
        scorer: gives the scores.
        advance: called with the number of seeds done.
        questions: whether questions are judged; the scores of texts that are not judged are null.
        answers: whether answers are judged.
    """
    count = len(pairs.ids)
    texts = [*(pairs.questions if questions else ()), *(pairs.answers if answers else ())]
    scored = scorer.score(texts, lambda done: advance(done * count / max(1, len(texts))))
    nothing = scored.clear(count)
    return _table(pairs.ids, scored.head(count) if questions else nothing, scored.tail(count) if answers else nothing)


def compare(pairs: Pairs, questions: Comparing | None, answers: Comparing | None, advance: Advance) -> pl.DataFrame:
    """The same, by scorers that compare each text with earlier ones; None for texts that are not judged."""
    scorers = [(questions, pairs.questions), (answers, pairs.answers)]
    judged = sum(scorer is not None for scorer, _ in scorers)
    compared = [
        scorer.score(pairs.ids, texts, lambda done: advance(done / judged)) if scorer else None
        for scorer, texts in scorers
    ]
    nothing = next(table for table in compared if table is not None).clear(len(pairs.ids))
    return _table(pairs.ids, *(nothing if table is None else table for table in compared))


def of_answers(answers: pl.DataFrame, translations: pl.DataFrame) -> pl.DataFrame:
    """What is known of the model's answers since they were written, one row per translated seed.

    A reference answer has no faults: the faults belong to the answer that it replaces.
    """

    def has(fault: str) -> pl.Expr:
        return (pl.col("author") == "model") & pl.col("faults").list.contains(pl.lit(fault))

    rows = translations.select("id").join(answers, on="id", how="inner", maintain_order="left")
    return rows.select(
        "id",
        (~has("cut")).cast(pl.Float64).alias("answer_src_finished"),
        has("refused").cast(pl.Float64).alias("answer_src_refused"),
    )


def joined(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Tables of scores with the same rows, side by side."""
    first, *others = tables
    return pl.concat([first, *(table.drop("id") for table in others)], how="horizontal")


def _table(ids: Sequence[str], questions: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    named = [texts.rename(prefix.__add__) for prefix, texts in (("question_", questions), ("answer_", answers))]
    return pl.concat([pl.DataFrame({"id": ids}, schema={"id": pl.String}), *named], how="horizontal")
