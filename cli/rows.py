"""Chooses rows of a run's table and prints them."""

import json
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.recipe import known_scores
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.shown import escaped
from sdrrl_data.steps import scores, seed_ids
from sdrrl_data.steps.reasons import Reasons

from . import views
from .console import say
from .samples import has_colours

LONGEST = 4000  # cells of the terminal that a text may take: about a thousand tokens
BRIEF = 220  # the same where a text is shortened
WHOLE = {"reason", "kept", "failed", "scores", "not scored"}  # labels of what is not a text, and is never shortened
SCORES = "scores"  # the tables of all scorers, side by side
BEFORE = 60  # cells that a shortened text may have before the words that were searched for
# Labels that are left out there.
NOT_BRIEF = {"scores", "not scored", "weight", "generator", "translator", "source", "split"}

Cut = Callable[[Text], Text]  # shortens a text


class RowSelection(NamedTuple):
    """Which rows of a table to show."""

    rows: int
    id: str | None  # only rows whose id begins with this, or whose question has this id in its source
    set_aside: bool
    pairs: Mapping[str, Mapping[str, str]] | None = (
        None  # of each target, only these pairs, in this order; see `judged`
    )
    search: re.Pattern[str] | None = None  # only rows with a text that contains this
    brief: bool = False  # one row of a question, without its scores
    short: bool = False  # its texts shortened
    without: Collection[str] = ()  # no rows of these questions


def show(
    run: Run, manifest: Manifest, name: str, selection: RowSelection, console: Console, as_json: bool = False
) -> int:
    """Print rows of a table under its name, and return how many; if there are none, print nothing.

    Args:
        run: has the table.
        manifest: of the run.
        name: of the table, such as `answers` or `pt/transfer_set`.
        selection: which rows.
        console: to print to.
        as_json: print each row as a line of JSON, with `table`, and nothing else.
    """
    rows, total = _chosen(run, manifest, name, selection)
    if as_json:
        for row in rows:
            say(json.dumps({"table": name, **row}, ensure_ascii=False, default=str))
        return len(rows)
    reasons = Reasons.of(manifest, known_scores(manifest.recipe["scorers"]))
    context = views.ViewContext(manifest.recipe["src"], name.partition("/")[0], has_colours(console), reasons)
    view = views.set_aside if selection.set_aside else views.of(name)
    if rows:
        suffix = " that were set aside" if selection.set_aside else ""
        of = "found" if total is None else f"of {total} rows"
        console.print(f"{name}: {len(rows)} {of}{suffix}", style="bold")
    for row in rows:
        console.print(Text(f"\n{escaped(row['id'])}", style="cyan"))
        fields = [*_sorted_by(name, row["id"], selection), *view(row, context)]
        if selection.brief:
            fields = [field for field in fields if field[0] not in NOT_BRIEF]
        console.print(layout(fields, shortened(selection.search, BRIEF if selection.short else LONGEST)))
    if rows:
        console.print()
    return len(rows)


def _sorted_by(name: str, id: str, selection: RowSelection) -> views.Fields:
    """The score by which the rows are sorted, of one of them."""
    tag, pairs = name.partition("/")[0], selection.pairs or {}
    of_targets = [pairs[tag]] if tag in pairs else pairs.values()
    return [("sorted by", next((scored[_seed(id)] for scored in of_targets if _seed(id) in scored), None))]


def layout(fields: views.Fields, cut: Cut) -> Table:
    """Texts beside their labels, those that there are."""
    grid = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
    for label, text in fields:
        if text:
            shown = views.readable(text) if isinstance(text, str) else text
            grid.add_row(Text(escaped(label)), shown if label in WHOLE else cut(shown))
    return grid


def shortened(search: re.Pattern[str] | None, longest: int) -> Cut:
    """Cuts a text after so many cells of the terminal; if it is searched, around the first of the words, in bold."""

    def cut(text: Text) -> Text:
        if longest == BRIEF and text.cell_len > longest:
            text = Text("\n").join(line for line in text.split("\n") if line)
        match = search.search(text.plain) if search else None
        if match and text.cell_len > longest:
            start = max(0, match.start() - BEFORE)
            start = text.plain.rfind(" ", 0, start) + 1 if start else 0
            text = Text.assemble("…" if start else "", text[start:])
        if search:
            text.highlight_regex(search, "bold")
        text.truncate(longest, overflow="ellipsis")
        return text

    return cut


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a value of a row."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


class _RowBlock(NamedTuple):
    """Rows that are read together."""

    rows: int
    read: Callable[[], pl.DataFrame]


def _chosen(
    run: Run, manifest: Manifest, name: str, selection: RowSelection
) -> tuple[list[dict[str, Any]], int | None]:
    """The rows to show, in the order of the table or of the pairs; and from how many they were chosen, if known."""
    blocks = _blocks(run, manifest, name, selection.set_aside)
    pairs = None if selection.pairs is None else _places(name, selection.pairs)
    if selection.search is not None:
        matching = (row for row in _containing(blocks, selection.search) if pairs is None or _seed(row["id"]) in pairs)
        return list(islice(_one_of_each(matching, selection) if selection.brief else matching, selection.rows)), None
    if selection.id is not None:
        numbers = _beginning_with(run, manifest, name, selection.id, blocks, selection.set_aside)
        return list(_rows(blocks, numbers[: selection.rows]).values()), len(numbers)
    total = sum(block.rows for block in blocks)
    if pairs is None:
        numbers = random.Random(manifest.recipe["seed"]).sample(range(total), min(selection.rows, total))
        return list(_rows(blocks, numbers).values()), total
    seed_of = [_seed(id) for block in blocks for id in block.read()["id"]]
    numbers = sorted(
        (number for number, seed in enumerate(seed_of) if seed in pairs), key=lambda number: pairs[seed_of[number]]
    )
    rows = _rows(blocks, numbers[: selection.rows])
    return [rows[number] for number in numbers[: selection.rows]], len(numbers)


def _places(name: str, pairs: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """The pairs of a table's target, or of all targets, with their places."""
    tag = name.partition("/")[0]
    ids = pairs[tag] if tag in pairs else chain(*pairs.values())
    return {id: place for place, id in enumerate(dict.fromkeys(ids))}


def _seed(id: str) -> str:
    """The id of the question that a row comes from."""
    return id.partition("/")[0]


def _containing(blocks: Sequence[_RowBlock], words: re.Pattern[str]) -> Iterator[dict[str, Any]]:
    """The rows with these words in a text."""
    for block in blocks:
        for row in block.read().iter_rows(named=True):
            if any(map(words.search, texts_in(row))):
                yield row


def _one_of_each(rows: Iterable[dict[str, Any]], selection: RowSelection) -> Iterator[dict[str, Any]]:
    """The first row of each question."""
    shown = set(selection.without)
    for row in rows:
        if _seed(row["id"]) not in shown:
            shown.add(_seed(row["id"]))
            yield row


def _beginning_with(
    run: Run, manifest: Manifest, name: str, id: str, blocks: Sequence[_RowBlock], set_aside: bool
) -> list[int]:
    """The numbers of the rows that a user means by an id."""
    beginnings = seed_ids.beginnings_of_ids(run.table("seeds"), id)
    ids = (row_id for block in blocks for row_id in block.read()["id"])
    matching = [number for number, row_id in enumerate(ids) if row_id.startswith(beginnings)]
    if set_aside and name == "seeds":
        sources = recipe_of(run, manifest).seeds
        written = (row for block in blocks for row in block.read()["row"])
        if isinstance(sources, tuple):
            matching += [
                number
                for number, row in enumerate(written)
                if number not in matching and seed_ids.has_source_id(row, id, sources)
            ]
    return matching


def _rows(blocks: Sequence[_RowBlock], numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Rows by their numbers, in the order of the table."""
    rows: dict[int, dict[str, Any]] = {}
    start = 0
    for block in blocks:
        in_block = sorted(number for number in numbers if start <= number < start + block.rows)
        if in_block:  # so that only a few parts of a long run are read
            of_block = block.read()[[number - start for number in in_block]].to_dicts()
            rows |= zip(in_block, of_block, strict=True)
        start += block.rows
    return rows


def _blocks(run: Run, manifest: Manifest, name: str, set_aside: bool) -> list[_RowBlock]:
    """The parts of a table; a transfer set, or the rows that were set aside, in one block."""
    table = run.table(name)
    if set_aside or name.rpartition("/")[2] in OF_TARGET:
        all_rows = table.set_aside() if set_aside else run.dataset(name).read()
        return [_RowBlock(all_rows.height, lambda: all_rows)]
    if name.rpartition("/")[2] == SCORES:
        return _score_blocks(run, manifest, name.partition("/")[0])
    # Engines finish parts in any order: in an unfinished run, an early part may be missing.
    parts = [part for part in range(sum(map(len, manifest.growths))) if table.has(part)]
    return [_RowBlock(table.rows(part), partial(_with_texts, run, name, part)) for part in parts]


def _score_blocks(run: Run, manifest: Manifest, tag: str) -> list[_RowBlock]:
    """The scores of all scorers, as far as a part has them."""
    tables = [run.table(f"{tag}/{path.name}") for path in sorted((run.path / tag).glob(f"{SCORES}-*"))]

    def read(part: int) -> pl.DataFrame:
        scored = scores.joined([table.read(part) for table in tables if table.has(part)])
        return with_texts(run, scored, tag, part)

    parts = range(sum(map(len, manifest.growths)))
    rows = {part: [table.rows(part) for table in tables if table.has(part)] for part in parts}
    return [_RowBlock(counts[0], partial(read, part)) for part, counts in rows.items() if counts]


def _with_texts(run: Run, name: str, part: int) -> pl.DataFrame:
    return with_texts(run, run.table(name).read(part), name.partition("/")[0] if "/" in name else None, part)


def with_texts(run: Run, rows: pl.DataFrame, tag: str | None, part: int) -> pl.DataFrame:
    """Rows of a part, with the texts of its seeds (`views.JOINED`, `views.UNITS`), as far as the run has them.

    Args:
        run: has the texts.
        rows: with the ids of seeds.
        tag: of a target, if the translations are wanted, too.
        part: its number.
    """
    texts = {"seeds": {"asked_src": "messages"}, "answers": {"answered_src": "answer"}}
    if tag:
        units = {"asked_units": "question_units", "answered_units": "answer_units"}
        texts[f"{tag}/translations"] = {"asked_tgt": "question", "answered_tgt": "answer", **units}
    for other, columns in texts.items():
        table = run.table(other)
        if table.has(part):
            rows = rows.join(table.read(part).select("id", **columns), on="id", how="left", maintain_order="left")
    return rows
