"""A worker of a pool, seen from the run: what it has to do, and whether it can take more."""

import os
from queue import SimpleQueue
from typing import Any

from sdrrl_data.processes.child_process import ChildProcess, Start
from sdrrl_data.processes.jobs import QueuedJob

PATIENCE = 15.0  # seconds that a worker is given to end by itself


class PoolWorker:
    """One worker.

    Attributes:
        rank: its number among the workers on this machine, from 0.
        window: jobs that it should have at a time; none before it is ready.
        under_way: the jobs that it has, by number.
        alone: whether what it has is to be done before it gets more.
        dropping: whether it still has jobs that are not wanted any more.
        silent: seconds that the run has waited for it since it last said something.
    """

    def __init__(self, rank: int, start: Start, first: Any, inbox: "SimpleQueue[tuple[PoolWorker, Any]]") -> None:
        self.rank = rank
        self.window = 0
        self.under_way: dict[int, QueuedJob] = {}
        self.alone = False
        self.dropping = False
        self.silent = 0.0
        self.process = ChildProcess(start, lambda message: inbox.put((self, message)))
        self.process.send(first)

    @property
    def busy(self) -> bool:
        """Whether the run waits for it."""
        return bool(self.under_way) or self.dropping

    def has_room(self) -> bool:
        """Whether it can take another job."""
        return not self.alone and not self.dropping and len(self.under_way) < self.window

    def give(self, number: int, job: QueuedJob) -> None:
        """Have it do a job."""
        if not self.under_way:
            self.silent = 0.0
        self.under_way[number] = job
        self.process.send(("do", number, job.job))

    def take(self, number: int) -> QueuedJob:
        """A job that is done; it has it no longer."""
        job = self.under_way.pop(number)
        self.alone = self.alone and bool(self.under_way)
        return job

    def drop(self) -> None:
        """Have it do no more of what it has."""
        if self.under_way:
            self.under_way.clear()
            self.alone = False
            self.dropping = True
            self.process.send(("drop",))


def end_all(workers: dict[int, PoolWorker], run: int) -> None:
    """End the workers of a pool; also of one that nobody has any more, and nobody closed."""
    if os.getpid() != run:  # in a process that the run has forked
        return
    for worker in workers.values():
        if worker.window and not worker.busy:
            worker.process.send(None)
        else:
            worker.process.kill()
    for worker in workers.values():
        worker.process.end(PATIENCE)
    workers.clear()
