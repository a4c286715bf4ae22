"""Clocks that are wrong: the files of a run have times of other years, before and after now."""

import os
import time
from pathlib import Path

from faults import _processes
from faults._commands import some
from faults._tries import Draw, Row

YEAR = 365 * 24 * 3600


def attempt(draw: Draw, root: Path) -> int:
    """A command is killed, the clock is set, and it is run again."""
    staged = some(draw, root)
    folder = staged.reset()
    if draw.random() < 0.7:
        _processes.run(staged.act(), folder, moment=staged.moment(draw))
    set_times(folder, draw)
    staged.finish()
    return 1


def set_times(folder: Path, draw: Draw) -> None:
    """Give all files of a folder other times: of ten years around now, or before 1970."""
    for path in sorted(folder.rglob("*")):
        moment = draw.choice([time.time() + draw.uniform(-10, 10) * YEAR, 0, -YEAR])
        os.utime(path, (moment, moment))


ROWS = {"clock set": Row(attempt, 16, 1)}
