"""A pager for what does not fit the screen."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def paged(console: Console, wanted: bool = True) -> Iterator[None]:
    """What is printed within comes in the user's pager, if a person sits at the terminal.

    `less` ends at once where everything fits the screen, and shows colours, unless LESS says otherwise.
    """
    if not (wanted and sys.stdin.isatty() and sys.stdout.isatty()):
        yield
        return
    os.environ.setdefault("LESS", "FRX")
    with console.pager(styles=True):
        yield
