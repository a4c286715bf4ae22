"""Workers that do jobs for the run, each a process of its own.

A worker that ends (a kill, no memory, an error) or says nothing for long does not take the run with it: it is started
again, and the jobs that it had are asked again. They are asked in smaller and smaller groups, each of a worker that has
nothing else, until the job is known that ends every worker; this job is set aside, and all others are done.
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
from sdrrl_data.processes.jobs import QueuedJob, Split, groups, whole
from sdrrl_data.processes.pool_worker import PATIENCE, PoolWorker, end_all
from sdrrl_data.protocols import SetAside

TRIES = 3  # workers that a job may end before it is set aside
RESTARTS = 3  # of a worker that has done nothing in between; and jobs set aside with none done in between
SILENCE = 30 * 60.0  # seconds that a worker with jobs may say nothing
TICK = 1.0  # seconds between two looks at the workers


class Pool:
    """Workers of one kind. They are started as they are needed, and stay until `close`."""

    def __init__(
        self, name: str, start: Start, first: Callable[[int], Any], advice: str = "", silence: float = SILENCE
    ) -> None:
        """Start nothing yet.

        Args:
            name: of a worker, for messages, such as "translator firefox: its process".
            start: how a worker is started; it speaks the messages of worker.py.
            first: gives the first message to a worker, from its number among those on this machine (0, 1, ...).
            advice: a sentence that tells the user what to do when workers end over and over.
            silence: seconds after which a worker that has jobs and says nothing is killed. Loading may take longer.
        """
        self._name = name
        self._start = start
        self._first = first
        self._advice = advice
        self._silence = silence
        self._inbox: SimpleQueue[tuple[PoolWorker, Any]] = SimpleQueue()
        self._workers: dict[int, PoolWorker] = {}
        self._wanted = 0  # workers
        self._loaded = False  # whether a worker ever was
        self._fruitless: Counter[int] = Counter()  # times that a worker ended with nothing done since it was started
        self._set_aside = 0  # jobs that were set aside since one was done
        self._last_end = self._last_words = ""  # of the last worker that ended: how, and what it said
        self._numbers = count()
        self._suspects: deque[Sequence[QueuedJob]] = deque()  # groups of jobs over which a worker ended
        self._split: Split = whole
        self._call: object = None
        weakref.finalize(self, end_all, self._workers, os.getpid())

    def load(self) -> None:
        """Start a worker and wait until it has loaded.

        Raises:
            UserError: it cannot load, for a reason that the user can mend.
            EngineFailed: it could not be started, or ended over and over.
        """
        self._wanted = max(self._wanted, 1)
        try:
            while not any(worker.window for worker in self._workers.values()):
                self._staff()
                self._receive()
        except BaseException:
            self.close()
            raise

    def ask(
        self, jobs: Iterable[tuple[Any, Any]], workers: int = 1, split: Split = whole
    ) -> Iterator[tuple[Any, Any | SetAside]]:
        """Each result with the key of its job, as soon as it is there, in any order.

        A new call drops what is left of an older one.

        Args:
            jobs: each with its key; taken only as there is room, so that they may be many.
            workers: how many there should be at least.
            split: divides a job that ended a worker, or for which there was not enough memory; its parts' results come
                under their own keys.

        Raises:
            UserError: the first worker cannot load, for a reason that the user can mend.
            EngineFailed: workers end over and over, or one could not be started again.
        """
        self._drop()
        for worker in list(self._workers.values()):
            if not worker.process.alive():  # killed since the last call
                self._remove(worker)
        self._wanted = max(self._wanted, workers)
        self._split = split
        self._call = call = object()
        source = iter(jobs)
        try:
            while self._hand_out(source):
                for result in self._receive():
                    yield result
                    if self._call is not call:
                        raise RuntimeError("another call has taken the workers over")
        finally:
            if self._call is call:
                self._drop()

    def close(self) -> None:
        """End the workers: those that are at work, at once."""
        end_all(self._workers, os.getpid())

    def _staff(self) -> None:
        """Start the workers that are missing."""
        for rank in range(self._wanted):
            if rank in self._workers:
                continue
            ends = max(self._fruitless[rank], self._set_aside)
            if ends > RESTARTS:
                self._set_aside = self._fruitless[rank] = 0  # so that another call tries again
                reason = (
                    f"{self._name} ended {ends} times with nothing done in between, at last with {self._last_end}; "
                    f"finished rows are kept. {self._last_words}. {self._advice}"
                )
                raise self._closed(EngineFailed(reason.strip()))
            self._workers[rank] = PoolWorker(rank, self._start, self._first(rank), self._inbox)

    def _hand_out(self, source: Iterator[tuple[Any, Any]]) -> bool:
        """Give each worker as much as it has room for; False where nothing is left to wait for."""
        self._staff()
        while worker := self._freest():
            if self._suspects and not worker.under_way:
                worker.alone = True
                for suspect in self._suspects.popleft():
                    worker.give(next(self._numbers), suspect)
                continue
            job = next(source, None)
            if job is None:
                return bool(self._suspects) or any(worker.under_way for worker in self._workers.values())
            worker.give(next(self._numbers), QueuedJob(*job))
        return True

    def _freest(self) -> PoolWorker | None:
        """The worker with the fewest jobs, if any has room."""
        free = (worker for worker in self._workers.values() if worker.has_room())
        return min(free, key=lambda worker: len(worker.under_way), default=None)

    def _receive(self) -> list[tuple[Any, Any]]:
        """Wait for the next message, for a tick at most; the results that come of it."""
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
            case ["workers", wanted]:
                self._wanted = wanted
            case ["ready", window]:
                worker.window = window
                self._loaded = True
            case ["said", sentence]:
                logging.getLogger(__name__).warning("%s", sentence)
            case ["failed", reason]:
                raise self._closed(EngineFailed(reason) if self._loaded else UserError(reason))
            case ["done", number, result] if number in worker.under_way:  # not of a call that was given up
                self._set_aside = self._fruitless[worker.rank] = 0
                return [(worker.take(number).key, result)]
            case ["too_large", number] if number in worker.under_way:
                return self._too_large(worker.take(number))
            case ["dropped"]:
                worker.dropping = False
        return []

    def _look_after(self, waited: float) -> None:
        """Kill the workers that have been silent too long, and what a worker that has ended has left behind.

        Only time spent waiting counts: while the run is busy, stopped or asleep, nobody listens.
        """
        for worker in self._workers.values():
            if not worker.process.alive():
                worker.process.kill()  # its connection may be held open by what it has forked
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
        """What comes of the jobs that a worker had when it ended: they are asked again, or one is set aside."""
        how = self._last_end = self._remove(worker)
        self._last_words = worker.process.last_words()
        if not self._loaded and how.startswith("exit code"):  # it ended by itself, as it would again
            raise self._closed(EngineFailed(f"{self._name} could not be started ({how}). {self._last_words}"))
        logging.getLogger(__name__).warning(
            "%s ended (%s) and is started again; what it had not finished is asked again", self._name, how
        )
        jobs = [job._replace(ended=job.ended + 1) for job in worker.under_way.values()]
        self._fruitless[worker.rank] += not jobs
        parts = [part for job in jobs for part in job.divided(self._split, how)]
        if len(parts) == 1 and parts[0].ended >= TRIES:
            self._set_aside += 1
            return [(parts[0].key, SetAside(f"it ended the worker {parts[0].ended} times, at last with {how}"))]
        self._suspects.extendleft(reversed(groups(parts)))
        return []

    def _remove(self, worker: PoolWorker) -> str:
        """Wait until a worker has ended. Says how it ended."""
        how = worker.process.end(PATIENCE)
        del self._workers[worker.rank]
        if worker.silent > self._silence:
            return f"silence for {self._silence / 60:g} minutes"
        return f"{how} (out of memory?)" if how == "SIGKILL" else how

    def _closed(self, error: UserError) -> UserError:
        """An error after which no worker can do anything more."""
        self.close()
        return error

    def _drop(self) -> None:
        self._suspects.clear()
        for worker in self._workers.values():
            worker.drop()
