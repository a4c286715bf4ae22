"""Engines that die, hang and fail, and servers that do: every row is finished or set aside, and nothing goes on."""

import signal
import sys
from pathlib import Path
from typing import Any

from faults import _commands, _processes
from faults._commands import stage
from faults._tries import Draw, Row, Wrong
from sdrrl_data.errors import EngineFailed
from sdrrl_data.processes.child_process import Start
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import SetAside
from tests.generation.server import Reply, error
from tests.support import pool_worker
from tests.support.processes import left, running

WORKER = Path(pool_worker.__file__)
SILENCE = 2.0  # seconds until a worker that says nothing is killed
DEADLY: list[Any] = [
    *(("end", number) for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT)),
    *(("raise", "an error in the worker"), ("hang",)),
]


def pool(draw: Draw, root: Path) -> int:
    """Jobs of which some end their worker: each of the others has its result."""
    together = draw.random() < 0.5
    count = draw.randint(5, 40)
    jobs: list[Any] = [f"text {number}" for number in range(count)]
    once = root / f"once-{draw.randrange(10**9)}"
    once.mkdir()
    deadly = set(draw.sample(range(count), draw.randint(0, 2)))
    for number in range(count):
        if number in deadly:
            jobs[number] = draw.choice(DEADLY)
        elif draw.random() < 0.05:
            jobs[number] = ("once", str(once), f"once {number}", draw.choice(DEADLY))
    command = [sys.executable, str(WORKER), *(["together"] if together else [])]
    workers = Pool("the worker", Start(command), lambda rank: {"rank": rank}, silence=SILENCE)
    results: dict[int, Any] = {}
    try:
        for key, result in workers.ask(enumerate(jobs), workers=draw.randint(1, 2)):
            if key in results:
                raise Wrong("differing", f"job {key} has two results")
            results[key] = result
    except EngineFailed:
        if not deadly and not any(isinstance(job, tuple) for job in jobs):
            raise Wrong("not resumable", "workers ended without a reason") from None
        return 1
    finally:
        workers.close()
        if alive := left([process.pid for process in running(WORKER.name)]):
            raise Wrong("leftovers", f"workers: {alive}")
    for number, job in enumerate(jobs):
        result = results.get(number)
        expected = job[2] if isinstance(job, tuple) and job[0] == "once" else job
        if number in deadly:
            if not isinstance(result, SetAside):
                raise Wrong("differing", f"job {number}, {job}, was not set aside: {result}")
        elif result != expected:
            raise Wrong("differing", f"job {number}, {job}: {result}")
    return 1


REPLIES = [
    Reply({"error": {"message": "Bad gateway", "code": 502}}),
    *(error(status, "busy", {"Retry-After": "0"}) for status in (408, 429, 500, 503)),
    *(Reply(body) for body in ("", "<html>", b"\xff\xfe", {"choices": []}, {"choices": [{}]}, [], None)),
]


def server(draw: Draw, root: Path) -> int:
    """A server fails now and then; once it is well, the same command ends as if it had never failed."""
    staged = stage("generate, a server", root)
    folder = staged.reset()
    replies = [draw.choice(REPLIES) if draw.random() < 0.5 else None for _ in range(200)]
    _commands.FAILING[0] = lambda body: replies.pop() if replies else None
    try:
        ended = _processes.run(staged.act(), folder)
    finally:
        _commands.FAILING[0] = lambda body: None
    if ended.code and "error: " not in ended.said:
        raise Wrong("tracebacks", f"code {ended.code} without a sentence: {ended.said[-500:]}")
    staged.finish()
    return 1


ROWS = {"engines that die and hang": Row(pool, 20, 1), "servers that fail": Row(server, 12, 1)}
