"""What the commands print. Whatever is in it, nothing but its colours and its layout steers the terminal.

With `--json`, lines for people become lines of JSON: objects with `text` or with the cells of a table on stdout, and
objects with `event` on stderr.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.shown import escaped_lines, without_passwords

STDOUT, STDERR = "stdout", "stderr"
_as_json: set[str] = set()  # the streams that have JSON


@contextmanager
def json_lines(*streams: str) -> Iterator[None]:
    """Print JSON on these streams."""
    before = {*_as_json}
    handler = _Events()
    _as_json.update(streams)
    if streams:
        logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        _as_json.clear()
        _as_json.update(before)


def is_json(stream: str) -> bool:
    """Whether a stream has JSON."""
    return stream in _as_json


class PlainConsole(Console):
    """A console that takes a string for plain text, without markup, and escapes it."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    @property
    def is_terminal(self) -> bool:
        """Whether it may draw."""
        return not is_json(self._stream) and super().is_terminal

    def event(self, kind: str, **fields: Any) -> bool:
        """Print an event, if the stream has JSON. Returns whether it has."""
        if is_json(self._stream) and not self.quiet:
            _print_event(kind, **fields)
        return is_json(self._stream)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects; as JSON a line for each, or for each row of a table. In a pipe, no line ends with blanks."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        if not is_json(self._stream):
            with self.capture() as captured:
                super().print(*objects, **options)
            self.file.write(re.sub(" +$", "", captured.get(), flags=re.MULTILINE))
            return
        for item in objects if not self.quiet else ():
            if isinstance(item, Table):
                for row in _rows(item):
                    _print(row, self.stderr)
            else:
                text = item if isinstance(item, str) else "".join(part.text for part in self.render(item))
                say(text.rstrip("\n"), self.stderr)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, escaped."""
        return super().render_str(escaped_lines(text), **options)

    def on_broken_pipe(self) -> None:
        """Raise the error; Rich would end the program."""
        raise

    @property
    def _stream(self) -> str:
        return STDERR if self.stderr else STDOUT


def say(line: str, err: bool = False) -> None:
    """Print a line, escaped, and without a password."""
    line = without_passwords(line)
    if not is_json(STDERR if err else STDOUT):
        typer.echo(escaped_lines(line), err=err)
    elif err:
        kind = next((kind for kind in ("error", "warning") if line.startswith(f"{kind}: ")), "said")
        _print_event(kind, text=line.removeprefix(f"{kind}: "))
    elif line.strip():
        _print({"text": line.strip()}, err=False)


def say_as_it_is(text: str) -> None:
    """Print a text that is not for people, such as a file."""
    if is_json(STDOUT):
        _print({"text": text}, err=False)
    else:
        typer.echo(text, nl=False)


def _print_event(kind: str, **fields: Any) -> None:
    _print({"event": kind, **fields}, err=True)


def _print(content: dict[str, Any], err: bool) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False), err=err)


def _rows(table: Table) -> Iterator[dict[str, str]]:
    """The rows of a table, by its headings; a column without one by its number."""
    names = [_text(column.header) or f"column {number}" for number, column in enumerate(table.columns, 1)]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        yield {name: _text(cell) for name, cell in zip(names, cells, strict=True)}


def _text(cell: Any) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)


class _Events(logging.Handler):
    """Prints what is logged as events."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        _print_event(record.levelname.lower(), text=without_passwords(record.getMessage()), logger=record.name)
