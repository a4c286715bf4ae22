"""A worker of a pool, from the run's side: the jobs that it has, and whether it can take more."""

import os
from queue import SimpleQueue
from typing import Any

from sdrrl_data.processes.child_process import ChildProcess, Start
from sdrrl_data.processes.jobs import QueuedJob

PATIENCE = 15.0  # seconds in which a worker may end by itself


class PoolWorker:
    """One worker.

    Attributes:
        rank: its number among the workers on this machine, from 0.
        window: the number of jobs that it should have at a time; 0 until it is ready.
        jobs: the jobs that it has, by number.
        alone: whether it must finish its jobs before it gets more.
        dropping: whether it still has jobs whose results are no longer needed.
        silent: seconds that the run has waited for it since its last message.
    """

    def __init__(self, rank: int, start: Start, first: Any, inbox: "SimpleQueue[tuple[PoolWorker, Any]]") -> None:
        self.rank = rank
        self.window = 0
        self.jobs: dict[int, QueuedJob] = {}
        self.alone = False
        self.dropping = False
        self.silent = 0.0
        self.process = ChildProcess(start, lambda message: inbox.put((self, message)))
        self.process.send(first)

    @property
    def busy(self) -> bool:
        """Whether the run waits for it."""
        return bool(self.jobs) or self.dropping

    def has_room(self) -> bool:
        """Whether it can take another job."""
        return not self.alone and not self.dropping and len(self.jobs) < self.window

    def give(self, number: int, job: QueuedJob) -> None:
        """Give it a job."""
        if not self.jobs:
            self.silent = 0.0
        # A worker that has ended already does not end because of it, but will count among those that ended with it.
        self.jobs[number] = job if self.process.alive() else job.uncounted()
        self.process.send(("do", number, job.job))

    def take(self, number: int) -> QueuedJob:
        """Take back a job that it has finished."""
        job = self.jobs.pop(number)
        self.alone = self.alone and bool(self.jobs)
        return job

    def drop(self) -> None:
        """Tell it to drop its jobs."""
        if self.jobs:
            self.jobs.clear()
            self.alone = False
            self.dropping = True
            self.process.send(("drop",))


def end_all(workers: dict[int, PoolWorker], run: int) -> None:
    """End the workers of a pool, also of a pool that was never closed and no longer exists."""
    if os.getpid() != run:  # this process was forked from the run
        return
    for worker in workers.values():
        if worker.window and not worker.busy:
            worker.process.send(None)
        else:
            worker.process.kill()
    for worker in workers.values():
        worker.process.end(PATIENCE)
    workers.clear()
