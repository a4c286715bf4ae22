"""Commands that are killed (-9), and run again until they are finished."""

import time
from functools import partial
from pathlib import Path

from faults import _processes
from faults._commands import COMMANDS, Stage, stage
from faults._processes import Moment, Started
from faults._tries import Draw, Row, Wrong

IN_A_ROW = 3  # kills, before it may finish
SECONDS = 3.0  # about what a command takes


def attempt(name: str, draw: Draw, root: Path) -> int:
    """Kill a command at some moments: in one of its steps, or after some time."""
    staged = stage(name, root)
    staged.reset()
    kills = sum(_kill(staged, staged.moment(draw) if draw.random() < 0.7 else None, draw) for _ in range(IN_A_ROW))
    if not kills:  # it was finished before
        staged.reset()
        kills = _kill(staged, staged.moment(draw), draw)
    staged.finish()
    return kills


def _kill(staged: Stage, moment: Moment | None, draw: Draw) -> bool:
    if moment:
        ended = _processes.run(staged.act(), staged.folder, moment=moment)
    else:
        started = Started(staged.act(), staged.folder)
        time.sleep(draw.random() * SECONDS)
        started.kill()
        ended = started.end()
    if not ended.killed and ended.code:
        raise Wrong("not resumable", ended.said[-1000:])
    return ended.killed


SHORT = ("generate, other thresholds", "generate, a server", "push")
ROWS = {name: Row(partial(attempt, name), 12, int(name in SHORT)) for name in COMMANDS}
