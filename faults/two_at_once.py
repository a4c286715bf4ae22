"""Two processes on one run: one works, the other says that it is busy, or finds everything done."""

import time
from pathlib import Path

from faults._commands import some
from faults._processes import Started
from faults._tries import Draw, Row, Wrong


def attempt(draw: Draw, root: Path) -> int:
    """Two of the same command, one a little later than the other; then it is run once more."""
    staged = some(draw, root)
    folder = staged.reset()
    first = Started(staged.act(), folder)
    time.sleep(draw.random() * 2)
    second = Started(staged.act(), folder)
    for ended in (first.end(), second.end()):
        if ended.code and "another sdrrl-data process" not in ended.said:
            raise Wrong("not resumable", f"{staged.name}: {ended.said[-1000:]}")
    staged.finish()
    return 1


ROWS = {"two at once": Row(attempt, 20, 1)}
