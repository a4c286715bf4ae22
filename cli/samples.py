"""A few rows of a transfer set, short enough to read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.shown import escaped


def choose(rows: pl.DataFrame) -> pl.DataFrame:
    """Up to three rows of different directions; the first is code-switched if there is such a row."""
    switched = rows.filter("code_switched").head(1)
    others = (
        rows.filter(~pl.col("code_switched"), ~pl.col("direction").is_in(switched["direction"].to_list()))
        .sort(pl.col("task") != "answer", maintain_order=True)
        .unique("direction", keep="first", maintain_order=True)
    )
    return pl.concat([switched, others]).head(3)


def show(rows: pl.DataFrame, console: Console, longest: int) -> None:
    """Print the last question and the answer of each row; of each text, as many cells of the terminal as `longest`."""
    for row in rows.iter_rows(named=True):
        console.print(row["direction"] + (", code-switched" if row["code_switched"] else ""))
        texts = Table.grid("part", "text", padding=(0, 0, 0, 2), pad_edge=True)  # the headings are for JSON alone
        for label, name in ("question", "prompt"), ("answer", "completion"):
            spans = [span for span in row["switched"] if span["text"] == name]
            text = marked(row[name][-1]["content"], spans, has_colours(console))
            text.truncate(longest, overflow="ellipsis")
            texts.add_row(label, text)
        console.print(texts)


def has_colours(console: Console) -> bool:
    """Whether the terminal can show switched words in colour."""
    return console.color_system is not None and not console.no_color


def marked(
    text: str, spans: Iterable[Mapping[str, Any]], coloured: bool, clean: Callable[[str], str] = escaped
) -> Text:
    """A text, escaped, with these spans of it (`start`, `end`; in order) in colour, or else in brackets."""
    shown = Text()
    end = 0
    for span in spans:
        shown.append(clean(text[end : span["start"]]))
        word = clean(text[span["start"] : span["end"]])
        shown.append(word if coloured else f"[{word}]", style="bold magenta")
        end = span["end"]
    shown.append(clean(text[end:]))
    return shown
