"""A few rows of a transfer set, short enough to be looked at."""

from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .harmless import harmless

LONGEST = 280  # cells of a terminal that a text may take


def choose(rows: pl.DataFrame) -> pl.DataFrame:
    """Up to three rows of different directions; the first is code-switched where there is such a row."""
    switched = rows.filter("code_switched").head(1)
    others = (
        rows.filter(~pl.col("code_switched"), ~pl.col("direction").is_in(switched["direction"].to_list()))
        .sort(pl.col("task") != "answer", maintain_order=True)
        .unique("direction", keep="first", maintain_order=True)
    )
    return pl.concat([switched, others]).head(3)


def show(rows: pl.DataFrame, console: Console) -> None:
    """Print the last question and the answer of each row."""
    # Where there is no colour to tell switched words by, they stand in brackets.
    coloured = console.color_system is not None and not console.no_color
    for row in rows.iter_rows(named=True):
        console.print(row["direction"] + (", code-switched" if row["code_switched"] else ""))
        texts = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
        texts.add_row("question", _question(row, coloured))
        texts.add_row("answer", _shortened(Text(harmless(row["completion"][-1]["content"]))))
        console.print(texts)


def _question(row: dict[str, Any], coloured: bool) -> Text:
    """The last question with its switched words marked."""
    content = row["prompt"][-1]["content"]
    text = Text()
    end = 0
    for span in row["switched"]:
        text.append(harmless(content[end : span["start"]]))
        word = harmless(content[span["start"] : span["end"]])
        text.append(word if coloured else f"[{word}]", style="bold magenta")
        end = span["end"]
    text.append(harmless(content[end:]))
    return _shortened(text)


def _shortened(text: Text) -> Text:
    text.truncate(LONGEST, overflow="ellipsis")
    return text
