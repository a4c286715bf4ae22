"""A question in one block: its texts in both languages, its verdict, and its rows in the transfer set."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import polars as pl
from rich.console import Console
from rich.text import Text

from sdrrl_data.recipe import known_scores
from sdrrl_data.run import Manifest, Run
from sdrrl_data.shown import escaped
from sdrrl_data.steps import seed_ids
from sdrrl_data.steps.reasons import Reasons

from . import rows, views
from .samples import has_colours

OTHERS = ("/parallel", "/prompts", "/code_switched", "/transfer_set")  # tables with texts that are of no question


class Question(NamedTuple):
    """A question of one target, as far as the run has come with it."""

    tag: str
    row: dict[str, Any]  # its id, its texts (`views.JOINED`), and the columns of its verdict, null if it has none
    set_aside: list[str]  # the tables that have set it aside, with the reason


def show(
    run: Run, manifest: Manifest, tags: Sequence[str], selection: rows.RowSelection, console: Console
) -> tuple[int, rows.RowSelection]:
    """Print a block for each question that is meant: of an id for each target, of words for the first that has them.

    Args:
        run: may be unfinished.
        manifest: of the run.
        tags: of its targets.
        selection: which questions.
        console: to print to.

    Returns:
        How many questions were printed, and the selection for the rows that are of no question.
    """
    chosen: list[Question] = []
    for tag in tags:
        known = set() if selection.search is None else {question.row["id"] for question in chosen}
        others = (question for question in _matching(run, tag, selection) if question.row["id"] not in known)
        chosen += islice(others, selection.rows - len(known))
    context = views.ViewContext(
        manifest.recipe["src"], "", has_colours(console), Reasons.of(manifest, known_scores(manifest.recipe["scorers"]))
    )
    in_sets = {tag: _rows_of(run, tag, [q.row["id"] for q in chosen if q.tag == tag]) for tag in tags}
    if selection.search is not None and chosen:
        questions = f"{len(chosen)} question{'s' * (len(chosen) != 1)}"
        console.print(f"{'the first ' * (len(chosen) == selection.rows)}{questions} with these words\n", style="bold")
    for question in chosen:
        _print(question, in_sets[question.tag], context, selection, console)
    shown = {question.row["id"] for question in chosen}
    return len(shown), selection._replace(rows=selection.rows - len(shown), without=shown)


def _print(
    question: Question,
    in_set: Mapping[str, Sequence[str]],
    context: views.ViewContext,
    selection: rows.RowSelection,
    console: Console,
) -> None:
    row, of_target = question.row, context._replace(tgt=question.tag)
    console.print(Text(escaped(row["id"]), style="cyan"))
    fields = [
        *(views.judged(row, of_target) if row.get("failures") is not None else views.texts(row, of_target)),
        *(("set aside", reason) for reason in question.set_aside),
        ("rows", ", ".join(in_set.get(row["id"], []))),
    ]
    console.print(rows.layout(fields, rows.shortened(selection.search, rows.BRIEF)))
    console.print()


def _matching(run: Run, tag: str, selection: rows.RowSelection) -> Iterator[Question]:
    """The questions that are meant, in the order of the run: with an id that begins so, with the words in a text."""
    beginnings = "" if selection.id is None else seed_ids.beginnings_of_ids(run.table("seeds"), selection.id)
    verdicts = run.table(f"{tag}/verdicts")
    for part in sorted(run.table("seeds").existing()):
        ids = run.table("seeds").read(part).select("id")
        ids = ids.filter(pl.Series([id.startswith(beginnings) for id in ids["id"]], dtype=pl.Boolean))
        if ids.is_empty():
            continue
        in_part = rows.with_texts(run, ids, tag, part)
        in_part = in_part.with_columns(pl.lit(None).alias(name) for name in views.JOINED if name not in in_part.columns)
        if verdicts.has(part):
            in_part = in_part.join(verdicts.read(part), on="id", how="left", maintain_order="left")
        for row in in_part.iter_rows(named=True):
            texts = (text for name in views.JOINED for text in rows.texts_in(row[name]))
            if selection.search is None or any(map(selection.search.search, texts)):
                yield Question(tag, row, list(_set_aside(run, tag, part, row["id"])))


def _set_aside(run: Run, tag: str, part: int, id: str) -> Iterator[str]:
    for table in ("answers", f"{tag}/translations"):
        for reason in run.table(table).set_aside(part).filter(id=id)["reason"]:
            yield f"by {table}: {reason}"


def _rows_of(run: Run, tag: str, ids: Collection[str]) -> dict[str, list[str]]:
    """The rows of these questions in the transfer set, in words: id -> "en->en (train)"."""
    dataset = run.dataset(f"{tag}/transfer_set")
    if not dataset.existing():
        return {}
    columns = dataset.read_columns(["seed_id", "direction", "code_switched", "split"])
    in_words: dict[str, list[str]] = {}
    for row in (
        columns.filter(pl.col("seed_id").is_in(list(ids))).sort("direction", "code_switched").iter_rows(named=True)
    ):
        switched = " code-switched" if row["code_switched"] else ""
        in_words.setdefault(row["seed_id"], []).append(f"{row['direction']}{switched} ({row['split']})")
    return in_words
