"""Tables that lose columns in a narrow terminal, instead of the ends of their names."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

EMPTY = 100  # when a column without anything in it leaves: first


class Column(NamedTuple):
    """A column of a table."""

    heading: str
    leaves: int = 0  # in a narrow terminal, those with the highest number leave first, together; those with 0 stay
    justify: Literal["left", "right"] = "left"
    wraps: bool = False  # whether its lines may be broken
    alone: str = ""  # the heading where the column before has left, if another


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], console: Console, gap: int = 1) -> Table:
    """A table with as many of the columns as the terminal has room for.

    Args:
        columns: from left to right.
        rows: a cell for each column.
        console: its width counts.
        gap: cells of the terminal between two columns.
    """
    cells = list(rows)
    leaves = [
        column.leaves if not column.leaves or any(row[number] for row in cells) else EMPTY
        for number, column in enumerate(columns)
    ]
    for most in sorted(set(leaves), reverse=True):
        staying = [number for number, turn in enumerate(leaves) if turn <= most]
        shown = [
            columns[number]._replace(heading=columns[number].alone or columns[number].heading)
            if number and number - 1 not in staying
            else columns[number]
            for number in staying
        ]
        rows_shown = [[row[number] for number in staying] for row in cells]
        widths = map(_width, shown, zip(*rows_shown, strict=True))
        if sum(widths) + gap * (len(shown) - 1) <= console.width:
            break
    narrowed = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for column in shown:
        narrowed.add_column(column.heading, justify=column.justify, no_wrap=not column.wraps)
    for row in rows_shown:
        narrowed.add_row(*row)
    return narrowed


def _width(column: Column, cells: Iterable[str]) -> int:
    """The cells of the terminal that a column needs."""
    texts = [column.heading, *cells]
    pieces = (piece for text in texts for piece in (text.split() if column.wraps else text.split("\n")))
    return max(map(cell_len, pieces), default=0)
