"""What the commands print. Whatever is in it, nothing but its colours and its layout steers the terminal."""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from sdrrl_data.shown import escaped_lines, without_passwords


class PlainConsole(Console):
    """A console that takes a string for plain text, without markup, and escapes it."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, escaped."""
        return super().render_str(escaped_lines(text), **options)

    def on_broken_pipe(self) -> None:
        """Raise the error; Rich would end the program."""
        raise


def say(line: str, err: bool = False) -> None:
    """Print a line, escaped, and without a password."""
    typer.echo(escaped_lines(without_passwords(line)), err=err)
