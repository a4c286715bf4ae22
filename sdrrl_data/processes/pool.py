"""Workers that do jobs for the run, each in a separate process.

A worker that ends (killed, out of memory, an error) or says nothing for a long time does not stop the run: it is
started again, and its jobs are repeated. They are repeated in smaller and smaller groups, each on a worker without
other jobs, until it is clear which job ends every worker; this job is set aside, and all others are done.
"""

import logging
import os
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.processes.child_process import Start, let_ctrl_c_through
from sdrrl_data.processes.jobs import QueuedJob, Split, groups, undivided
from sdrrl_data.processes.pool_worker import PATIENCE, PoolWorker, end_all
from sdrrl_data.protocols import SetAside

TRIES, TRIES_ALONE = 3, 2  # a job that has ended this many workers, so many of them alone, is set aside
RESTARTS = 3  # of a worker without a finished job in between; also, jobs set aside without a finished job in between
SILENCE = 30 * 60.0  # seconds that a worker with jobs may say nothing
TICK = 1.0  # seconds between two checks of the workers


class Pool:
    """Workers of one kind. They are started when they are needed, and run until `close`."""

    def __init__(
        self, name: str, start: Start, first: Callable[[int], Any], advice: str = "", silence: float = SILENCE
    ) -> None:
        """Start nothing yet.

        Args:
            name: of a worker, for messages, such as "translator firefox: its process".
            start: how a worker is started; it must use the messages of worker.py.
            first: returns the first message to a worker, from its number on this machine (0, 1, ...).
            advice: a sentence that tells the user what to do if workers end again and again.
            silence: seconds after which a worker that has jobs and says nothing is killed. Loading may take longer.
        """
        self._name = name
        self._start = start
        self._first = first
        self._advice = advice
        self._silence = silence
        self._inbox: SimpleQueue[tuple[PoolWorker, Any]] = SimpleQueue()
        self._workers: dict[int, PoolWorker] = {}
        self._worker_count = 0  # how many workers there should be
        self._loaded = False  # whether any worker has ever loaded
        self._fruitless: Counter[int] = Counter()  # by worker: how often it ended without a finished job
        self._set_aside = 0  # jobs that were set aside since the last finished job
        self._last_end = self._last_output = ""  # of the last worker that ended: how it ended, and its output
        self._numbers = count()
        self._suspects: deque[Sequence[QueuedJob]] = deque()  # groups of jobs that a worker had when it ended
        self._split: Split = undivided
        self._call: object = None
        weakref.finalize(self, end_all, self._workers, os.getpid())

    def load(self) -> None:
        """Start a worker and wait until it has loaded.

        Raises:
            UserError: it cannot load, for a reason that the user can correct.
            EngineFailed: it could not be started, or ended again and again.
        """
        self._worker_count = max(self._worker_count, 1)
        try:
            while not any(worker.window for worker in self._workers.values()):
                self._start_missing()
                self._receive()
        except BaseException:
            self.close()
            raise

    def ask(
        self, jobs: Iterable[tuple[Any, Any]], workers: int = 1, split: Split = undivided
    ) -> Iterator[tuple[Any, Any | SetAside]]:
        """Do jobs; yield each result with the key of its job, as soon as it is finished, in any order.

        A new call drops the unfinished jobs of an earlier call.

        Args:
            jobs: each with its key; taken one by one when a worker has room, so that there may be very many.
            workers: the least number of workers.
            split: divides a job that ended a worker, or for which there was not enough memory; the results of the
                parts have the parts' keys.

        Raises:
            UserError: the first worker cannot load, for a reason that the user can correct.
            EngineFailed: workers end again and again, or a worker could not be started again.
        """
        self._drop()
        for worker in list(self._workers.values()):
            if not worker.process.alive():  # killed since the last call
                self._remove(worker)
        self._worker_count = max(self._worker_count, workers)
        self._split = split
        self._call = call = object()
        source = iter(jobs)
        try:
            while self._hand_out(source):
                for result in self._receive():
                    yield result
                    if self._call is not call:
                        raise RuntimeError("another call uses the workers now")
        finally:
            if self._call is call:
                self._drop()

    def close(self) -> None:
        """End the workers; those that are busy are killed."""
        end_all(self._workers, os.getpid())

    def _start_missing(self) -> None:
        """Start the workers that are missing."""
        for rank in range(self._worker_count):
            if rank in self._workers:
                continue
            ends = max(self._fruitless[rank], self._set_aside)
            if ends > RESTARTS:
                self._set_aside = self._fruitless[rank] = 0  # so that another call tries again
                reason = (
                    f"{self._name} ended {ends} times without a finished job in between, at last with "
                    f"{self._last_end}; finished rows are kept. {self._last_output}. {self._advice}"
                )
                raise self._closed(EngineFailed(reason.strip()))
            self._workers[rank] = PoolWorker(rank, self._start, self._first(rank), self._inbox)

    def _hand_out(self, source: Iterator[tuple[Any, Any]]) -> bool:
        """Give each worker as many jobs as it has room for. Returns whether there is still anything to wait for."""
        self._start_missing()
        while worker := self._freest():
            if self._suspects and not worker.jobs:
                worker.alone = True
                for suspect in self._suspects.popleft():
                    worker.give(next(self._numbers), suspect)
                continue
            job = next(source, None)
            if job is None:
                return bool(self._suspects) or any(worker.jobs for worker in self._workers.values())
            worker.give(next(self._numbers), QueuedJob(*job))
        return True

    def _freest(self) -> PoolWorker | None:
        """The worker with the fewest jobs, if any worker has room."""
        free = (worker for worker in self._workers.values() if worker.has_room())
        return min(free, key=lambda worker: len(worker.jobs), default=None)

    def _receive(self) -> list[tuple[Any, Any]]:
        """Wait for the next message, but not longer than a tick. Returns the new results."""
        let_ctrl_c_through()
        before = monotonic()
        try:
            worker, message = self._inbox.get(timeout=min(TICK, self._silence / 4))
        except Empty:
            self._look_after(monotonic() - before)
            return []
        if self._workers.get(worker.rank) is not worker:  # it was replaced
            return []
        if message is None:
            return self._lost(worker)
        worker.silent = 0.0
        self._look_after(monotonic() - before)
        match message:
            case ["workers", worker_count]:
                self._worker_count = worker_count
            case ["ready", window]:
                worker.window = window
                self._loaded = True
            case ["said", sentence]:
                logging.getLogger(__name__).warning("%s", sentence)
            case ["failed", reason]:
                raise self._closed(EngineFailed(reason) if self._loaded else UserError(reason))
            case ["done", number, result] if number in worker.jobs:  # not of an earlier call, whose jobs were dropped
                self._set_aside = self._fruitless[worker.rank] = 0
                return [(worker.take(number).key, result)]
            case ["too_large", number] if number in worker.jobs:
                return self._too_large(worker.take(number))
            case ["dropped"]:
                worker.dropping = False
        return []

    def _look_after(self, waited: float) -> None:
        """Kill workers that have been silent for too long, and processes that a worker left behind when it ended.

        Only the time that the run waits counts: while it is busy, stopped or asleep, it receives no messages.
        """
        for worker in self._workers.values():
            if not worker.process.alive():
                worker.process.kill()  # processes that it has forked may keep its connection open
            elif worker.busy:
                worker.silent += min(waited, 2 * TICK)
                if worker.silent > self._silence:
                    worker.process.kill()

    def _too_large(self, job: QueuedJob) -> list[tuple[Any, SetAside]]:
        parts = job.divided(self._split, "memory")
        if len(parts) == 1:
            return [(job.key, SetAside("there is not enough memory for it"))]
        self._suspects.extendleft([part] for part in reversed(parts))
        return []

    def _lost(self, worker: PoolWorker) -> list[tuple[Any, SetAside]]:
        """Repeat the jobs of a worker that has ended; or set one aside, and return it as a result."""
        how = self._last_end = self._remove(worker)
        self._last_output = worker.process.last_output()
        if not self._loaded and how.startswith("exit code"):  # it ended by itself, so that it would end again
            raise self._closed(EngineFailed(f"{self._name} could not be started ({how}). {self._last_output}"))
        logging.getLogger(__name__).warning(
            "%s ended (%s) and is started again; its unfinished jobs are repeated", self._name, how
        )
        jobs = [job.counted(alone=len(worker.jobs) == 1) for job in worker.jobs.values()]
        self._fruitless[worker.rank] += not jobs
        parts = [part for job in jobs for part in job.divided(self._split, how)]
        if len(parts) == 1 and parts[0].ended >= TRIES and parts[0].ended_alone >= TRIES_ALONE:
            self._set_aside += 1
            return [(parts[0].key, SetAside(f"it ended the worker {parts[0].ended} times, at last with {how}"))]
        self._suspects.extendleft(reversed(groups(parts)))
        return []

    def _remove(self, worker: PoolWorker) -> str:
        """Wait until a worker has ended. Returns how it ended."""
        how = worker.process.end(PATIENCE)
        del self._workers[worker.rank]
        if worker.silent > self._silence:
            return f"silence for {self._silence / 60:g} minutes"
        return f"{how} (out of memory?)" if how == "SIGKILL" else how

    def _closed(self, error: UserError) -> UserError:
        """End the workers. Returns the error, to be raised."""
        self.close()
        return error

    def _drop(self) -> None:
        self._suspects.clear()
        for worker in self._workers.values():
            worker.drop()
