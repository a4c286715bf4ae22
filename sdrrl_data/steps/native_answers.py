"""Native texts as answers: the text itself in the target language, and its translation in the source language."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.protocols import Advance
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import answers
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Step, Work, each

NATIVE = "native"  # the author of such answers
SIDES = (("source", "target"), ("target", "source"))


@dataclass(frozen=True, kw_only=True)
class NativeAnswersStep(Step):
    """The texts in the source language as answers to the questions that were written for them.

    Reads seeds and the translations of the texts.
    """

    reuses_rows: ClassVar[bool] = True  # cheap, but the translations are told by them what they can use again

    @property
    def settings(self) -> Any:
        """None."""
        return []

    @property
    def schema(self) -> Schema:
        """See `answers.SCHEMA`."""
        return answers.SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Nothing has to be loaded."""

        def make(task: Task) -> Part:
            seeds, translated = task.tables
            rows = seeds.select("id").join(translated, on="id", maintain_order="left")
            advance(rows.height)
            return Part(_as_answers(rows), NOTHING_SET_ASIDE)

        yield each(make)


def questions_only(task: Task) -> Task:
    """The task of a part of the translations without the answers, which are there in the target language."""
    seeds, source_answers, *_ = task.tables
    return task._replace(tables=[seeds, source_answers.with_columns(answer=pl.lit(""))])


def with_texts(part: Part, task: Task) -> Part:
    """A part of the translations with the texts for answers, as they were written.

    Args:
        part: made from the task that `questions_only` returns.
        task: the part's; its last tables are the texts and their translations.
    """
    *_, texts, translated = task.tables
    unit = pl.element().struct
    turned = pl.col("units").list.eval(
        pl.struct(**{f"{new}_{end}": unit.field(f"{old}_{end}") for new, old in SIDES for end in ("start", "end")})
    )
    rows = (
        part.rows.drop("answer", "answer_units", "answer_translator")
        .join(texts.select("id", answer="text"), on="id", how="left", maintain_order="left")
        .join(translated.select("id", answer_units=turned), on="id", how="left", maintain_order="left")
        .with_columns(answer_translator=pl.lit(None, dtype=pl.String))
        .select(part.rows.columns)
        .cast(part.rows.schema)
    )
    return part._replace(rows=rows)


def _as_answers(rows: pl.DataFrame) -> pl.DataFrame:
    columns = {
        "answer": pl.col("translation"),
        "author": pl.lit(NATIVE),
        "faults": pl.lit([], dtype=pl.List(pl.String)),
    }
    empty = pl.lit(None)
    return rows.select("id", *(columns.get(name, empty).alias(name) for name in answers.SCHEMA if name != "id")).cast(
        pl.Schema(answers.SCHEMA)
    )
