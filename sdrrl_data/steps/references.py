"""References: the seeds' own answers in a target language, which some controls are trained on."""

import polars as pl

from sdrrl_data.run import Task
from sdrrl_data.steps.schemas import MESSAGES


def as_answers(task: Task) -> Task:
    """The task with references for answers, as `translations.translate` and `best_translation.choose` take it.

    The questions have no turns, because their translations are in the table `translations` already; so they have none
    in the result either. Seeds without a reference are left out.

    Args:
        task: a part of the seeds, then parts of other tables, which are not changed.
    """
    seeds, *others = task.tables
    referenced = seeds.filter(pl.col("reference").is_not_null())
    questions = referenced.select("id", messages=pl.lit([], dtype=MESSAGES))
    return task._replace(tables=[questions, referenced.select("id", answer="reference"), *others])


def ids(seeds: pl.DataFrame) -> set[str]:
    """The ids of the seeds that have a reference."""
    return set(seeds.filter(pl.col("reference").is_not_null())["id"])
