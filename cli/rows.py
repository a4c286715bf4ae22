"""Rows of a run's table: which are shown, and printing them."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.run import Manifest, Run

from . import views
from .escaping import harmless
from .samples import has_colours

LONGEST = 4000  # cells of a terminal that a text may take: about a thousand tokens


class Wanted(NamedTuple):
    """Which rows of a table to show."""

    rows: int
    id: str | None  # only those whose id begins so
    set_aside: bool


def show(run: Run, manifest: Manifest, name: str, wanted: Wanted, console: Console) -> int:
    """Print rows of a table under its name, and return how many; where there are none, print nothing.

    Args:
        run: where the table is.
        manifest: the run's.
        name: of the table, such as `answers` or `pt/transfer_set`.
        wanted: which rows.
        console: where to print.
    """
    rows, total = _chosen(run, manifest, name, wanted)
    how = views.How(manifest.recipe["src"], name.partition("/")[0], has_colours(console))
    view = views.set_aside if wanted.set_aside else views.of(name)
    if rows:
        what = " that were set aside" if wanted.set_aside else ""
        console.print(f"{name}: {len(rows)} of {total} rows{what}", style="bold")
    for row in rows:
        console.print(Text(f"\n{harmless(row['id'])}", style="cyan"))
        console.print(_laid_out(view(row, how)))
    if rows:
        console.print()
    return len(rows)


def _laid_out(fields: views.Fields) -> Table:
    grid = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
    for label, text in fields:
        if text:
            shown = views.readable(text) if isinstance(text, str) else text
            shown.truncate(LONGEST, overflow="ellipsis")
            grid.add_row(Text(harmless(label)), shown)
    return grid


class _Piece(NamedTuple):
    """Rows that are read together."""

    rows: int
    read: Callable[[], pl.DataFrame]


def _chosen(run: Run, manifest: Manifest, name: str, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """The rows to be shown, in the order of the table, and how many there are to choose from."""
    pieces = _pieces(run, manifest, name, wanted.set_aside)
    if wanted.id is None:
        total = sum(piece.rows for piece in pieces)
        numbers = random.Random(manifest.recipe["seed"]).sample(range(total), min(wanted.rows, total))
    else:
        ids = (id for piece in pieces for id in piece.read()["id"])
        found = [number for number, id in enumerate(ids) if id.startswith(wanted.id)]
        total, numbers = len(found), found[: wanted.rows]
    rows: list[dict[str, Any]] = []
    start = 0
    for piece in pieces:
        own = sorted(number - start for number in numbers if start <= number < start + piece.rows)
        if own:  # so that of a long run few parts are read
            rows += piece.read()[own].to_dicts()
        start += piece.rows
    return rows, total


def _pieces(run: Run, manifest: Manifest, name: str, set_aside: bool) -> list[_Piece]:
    """A table's parts; a transfer set, or what was set aside, as a whole."""
    table = run.table(name)
    if set_aside or name.endswith("/transfer_set"):
        whole = table.set_aside() if set_aside else run.read_dataset(name)
        return [_Piece(whole.height, lambda: whole)]
    # Engines finish parts in any order: of an unfinished run an early one may be missing.
    parts = [part for part in range(sum(map(len, manifest.growths))) if table.has(part)]
    return [_Piece(table.rows(part), partial(_with_texts, run, name, part)) for part in parts]


def _with_texts(run: Run, name: str, part: int) -> pl.DataFrame:
    """A part with the questions and answers of its seeds, as far as they are there."""
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
