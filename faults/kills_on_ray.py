"""`generate --runner ray` on two nodes: the command, a node, or the process that works on one is killed (-9)."""

import os
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import psutil

from faults._commands import CLUSTER, ON_RAY, stage
from faults._processes import Started
from faults._tries import OPEN, Draw, Row, Wrong, now_below

ROOT = Path(__file__).parents[1]


def attempt(what: str, draw: Draw, root: Path) -> int:
    """Kill something when some files are there; then the same command finishes the run."""
    cluster = nodes()
    staged = stage(ON_RAY, root)
    folder = staged.reset()
    started = Started(staged.act(), folder)
    written = sum(name.endswith(".parquet") for name in staged.undisturbed)
    wanted, begun = draw.randrange(written), time.monotonic()
    while started.process.exitcode is None and time.monotonic() < begun + staged.command.seconds:
        if len(now_below(folder, "*.parquet")) >= wanted:
            break
        time.sleep(0.02)
    killed = _killed(what, started, cluster, draw)
    ended = started.end(staged.command.seconds)
    _wait_until_idle()
    if ended.code and not ended.killed:
        raise Wrong("not resumable", ended.said[-1000:])
    staged.finish()
    return killed


def _killed(what: str, started: Started, cluster: Any, draw: Draw) -> bool:
    if started.process.exitcode is not None:
        return False
    match what:
        case "command":
            started.kill()
        case "node":
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
            _add_node(cluster)
        case _:
            working = _working()
            if not working:
                return False
            draw.choice(working).kill()
    return True


@cache
def nodes() -> Any:
    """A cluster of two nodes on this machine, for all tries of a process."""
    from ray.cluster_utils import Cluster

    os.environ |= {"PYTHONPATH": str(ROOT), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    OPEN.callback(cluster.shutdown)
    _add_node(cluster)
    os.environ[CLUSTER] = cluster.address
    return cluster


def _add_node(cluster: Any, tries: int = 5) -> None:
    for number in range(tries):
        try:
            cluster.add_node(num_cpus=1)
            return
        except Exception:  # a node gives up after 30 s, on a machine that does other things, too
            if number == tries - 1:
                raise


def _working() -> list[psutil.Process]:
    """The processes on the nodes that make parts."""
    working = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name().startswith("ray::Node"):
                working.append(process)
        except psutil.Error:
            continue
    return working


def _wait_until_idle(seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while left := _working():
        if time.monotonic() > deadline:
            raise Wrong("leftovers", f"processes on nodes still work: {left}")
        time.sleep(0.1)


ROWS = {what: Row(partial(attempt, what), 4, 0) for what in ("command", "node", "process on a node")}
