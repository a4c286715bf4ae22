"""Workers on one run of which some are killed (-9): the others, or the next one, leave what one process leaves."""

import json
import time
from pathlib import Path

from faults._commands import stage
from faults._processes import Started
from faults._tries import Draw, Row, Wrong, now_below
from sdrrl_data.run.leases import Holder

SECONDS = 3.0  # about what workers take
HOW = ("at a change", "with a lease", "after some time")


def attempt(draw: Draw, root: Path) -> int:
    """Two or three workers, of which at least one is killed, and at most all; then one more looks after the run."""
    staged = stage("work", root)
    folder = staged.reset()
    count = draw.randint(2, 3)
    ways = [draw.choice(HOW) if number < draw.randint(1, count) else "" for number in range(count)]
    workers = []
    for way in ways:
        moment = staged.moment(draw, processes=2) if way == "at a change" else None
        workers.append(Started(staged.act(), folder, moment=moment))
        time.sleep(draw.random() * 0.3)
    for way in ways:
        if way == "after some time":
            time.sleep(draw.random() * SECONDS / count)
            workers[draw.randrange(count)].kill()
        elif way == "with a lease":
            _kill_a_holder(folder / "run", workers, draw.random() * SECONDS / count)
    kills = 0
    for ended in [worker.end() for worker in workers]:
        if ended.code and not ended.killed:
            raise Wrong("not resumable", ended.said[-1000:])
        kills += ended.killed
    staged.finish()
    return kills


def _kill_a_holder(run: Path, workers: list[Started], after: float) -> None:
    """Kill whoever has the first lease that is seen after some seconds, if it is one of these."""
    time.sleep(after)
    by_pid = {worker.process.pid: worker for worker in workers}
    while any(worker.process.exitcode is None for worker in workers):
        for path in now_below(run, "*.lease-*"):
            try:
                holder = Holder(*json.loads(path.read_bytes())[1:])
            except (OSError, ValueError):  # it was given back, or is being written
                continue
            if holder.pid in by_pid:
                by_pid[holder.pid].kill()
                return


ROWS = {"work": Row(attempt, 24, 1)}
