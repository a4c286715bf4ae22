"""Chooses rows of a run's table and prints them."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.recipe import MagpieConfig
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.shown import escaped
from sdrrl_data.steps import seeds

from . import views
from .samples import has_colours

LONGEST = 4000  # cells of the terminal that a text may take: about a thousand tokens


class RowSelection(NamedTuple):
    """Which rows of a table to show."""

    rows: int
    id: str | None  # only rows whose id begins with this, or whose question has this id in its source
    set_aside: bool


def show(run: Run, manifest: Manifest, name: str, selection: RowSelection, console: Console) -> int:
    """Print rows of a table under its name, and return how many; if there are none, print nothing.

    Args:
        run: has the table.
        manifest: of the run.
        name: of the table, such as `answers` or `pt/transfer_set`.
        selection: which rows.
        console: to print to.
    """
    rows, total = _chosen(run, manifest, name, selection)
    context = views.ViewContext(manifest.recipe["src"], name.partition("/")[0], has_colours(console))
    view = views.set_aside if selection.set_aside else views.of(name)
    if rows:
        suffix = " that were set aside" if selection.set_aside else ""
        console.print(f"{name}: {len(rows)} of {total} rows{suffix}", style="bold")
    for row in rows:
        console.print(Text(f"\n{escaped(row['id'])}", style="cyan"))
        console.print(_layout(view(row, context)))
    if rows:
        console.print()
    return len(rows)


def _layout(fields: views.Fields) -> Table:
    grid = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
    for label, text in fields:
        if text:
            shown = views.readable(text) if isinstance(text, str) else text
            shown.truncate(LONGEST, overflow="ellipsis")
            grid.add_row(Text(escaped(label)), shown)
    return grid


class _RowBlock(NamedTuple):
    """Rows that are read together."""

    rows: int
    read: Callable[[], pl.DataFrame]


def _chosen(run: Run, manifest: Manifest, name: str, selection: RowSelection) -> tuple[list[dict[str, Any]], int]:
    """The rows to show, in the order of the table, and the number of rows that they were chosen from."""
    blocks = _blocks(run, manifest, name, selection.set_aside)
    if selection.id is None:
        total = sum(block.rows for block in blocks)
        numbers = random.Random(manifest.recipe["seed"]).sample(range(total), min(selection.rows, total))
    else:
        beginnings = seeds.beginnings_of_ids(run.table("seeds"), selection.id)
        ids = (id for block in blocks for id in block.read()["id"])
        matching = [number for number, id in enumerate(ids) if id.startswith(beginnings)]
        if selection.set_aside and name == "seeds":
            sources = recipe_of(run, manifest).seeds
            written = (row for block in blocks for row in block.read()["row"])
            if not isinstance(sources, MagpieConfig):
                matching += [
                    number
                    for number, row in enumerate(written)
                    if number not in matching and seeds.has_source_id(row, selection.id, sources)
                ]
        total, numbers = len(matching), matching[: selection.rows]
    rows: list[dict[str, Any]] = []
    start = 0
    for block in blocks:
        in_block = sorted(number - start for number in numbers if start <= number < start + block.rows)
        if in_block:  # so that only a few parts of a long run are read
            rows += block.read()[in_block].to_dicts()
        start += block.rows
    return rows, total


def _blocks(run: Run, manifest: Manifest, name: str, set_aside: bool) -> list[_RowBlock]:
    """The parts of a table; a transfer set, or the rows that were set aside, in one block."""
    table = run.table(name)
    if set_aside or name.endswith("/transfer_set"):
        all_rows = table.set_aside() if set_aside else run.dataset(name).read()
        return [_RowBlock(all_rows.height, lambda: all_rows)]
    # Engines finish parts in any order: in an unfinished run, an early part may be missing.
    parts = [part for part in range(sum(map(len, manifest.growths))) if table.has(part)]
    return [_RowBlock(table.rows(part), partial(_with_texts, run, name, part)) for part in parts]


def _with_texts(run: Run, name: str, part: int) -> pl.DataFrame:
    """A part, with the questions and answers of its seeds if the run has them."""
    rows = run.table(name).read(part)
    texts = {"seeds": {"asked_src": "messages"}, "answers": {"answered_src": "answer"}}
    if "/" in name:
        tag = name.partition("/")[0]
        texts[f"{tag}/translations"] = {"asked_tgt": "question", "answered_tgt": "answer"}
    for other, columns in texts.items():
        table = run.table(other)
        if table.has(part):
            rows = rows.join(table.read(part).select("id", **columns), on="id", how="left", maintain_order="left")
    return rows
