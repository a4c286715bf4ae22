"""A scorer on several cores."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.processes.child_process import ChildProcess, cores
from sdrrl_data.protocols import Advance, Scorer, TextPair

if TYPE_CHECKING:
    import polars as pl

MOST = 512  # pairs that a process is given at a time
WORTH = 2048  # pairs from which on it pays to start processes, each of which takes half a second
TRIES = 3  # processes that may end over a chunk
PATIENCE = 10.0  # seconds that a process is given to end by itself


class Failed(NamedTuple):
    """From a process, as its last message: what the user has to mend."""

    reason: str


class _Chunk(NamedTuple):
    number: int
    pairs: Sequence[TextPair]
    ended: int = 0  # processes that ended over it


class _Worker:
    def __init__(self, make: Callable[[], Scorer]) -> None:
        self.process = ChildProcess("sdrrl_data.processes.spread_worker")
        self.process.send(make)
        self.chunk: _Chunk | None = None  # what it is scoring

    def give(self, chunk: _Chunk) -> None:
        self.chunk = chunk
        self.process.send(chunk.pairs)


class Spread:
    """Scores in several processes, each of which makes a scorer of its own; the first few pairs are scored in this one.

    Only for a scorer that judges each pair by itself.
    """

    def __init__(self, make: Callable[[], Scorer], processes: int) -> None:
        """Start nothing yet.

        Args:
            make: gives the scorer; it is pickled, so a function of a module, or a partial of one or of a class.
            processes: how many there may be.
        """
        self._make = make
        self._processes = processes
        self._own: Scorer | None = None
        self._scored_here = 0  # pairs
        self._workers: list[_Worker] = []

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """What the scorer says, in the order of the pairs.

        Raises:
            UserError: a scorer could not be made.
            Stopped: processes end over and over.
        """
        import polars as pl

        if self._processes == 1 or self._scored_here + len(pairs) < WORTH:
            self._own = self._own or self._make()
            self._scored_here += len(pairs)
            return self._own.score(pairs, advance)
        size = min(MOST, -(-len(pairs) // self._processes) or 1)
        starts = range(0, len(pairs) or 1, size)
        waiting = deque(_Chunk(number, pairs[start : start + size]) for number, start in enumerate(starts))
        return pl.concat(self._scored(waiting, advance))

    def close(self) -> None:
        """End the processes."""
        for worker in list(self._workers):
            self._end(worker)

    def _scored(self, waiting: deque[_Chunk], advance: Advance) -> "list[pl.DataFrame]":
        for worker in [own for own in self._workers if not own.process.alive()]:  # killed since the last call
            self._end(worker)
        frames: list[pl.DataFrame | None] = [None] * len(waiting)
        try:
            while waiting or any(worker.chunk for worker in self._workers):
                while len(self._workers) < self._processes and waiting:
                    self._workers.append(_Worker(self._make))
                for worker in self._workers:
                    if waiting and not worker.chunk:
                        worker.give(waiting.popleft())
                heard = wait([worker.process.connection for worker in self._workers if worker.chunk])
                for worker in [own for own in self._workers if own.process.connection in heard]:
                    chunk, scored = worker.chunk, worker.process.receive()
                    assert chunk
                    if isinstance(scored, Failed):
                        raise UserError(scored.reason)
                    if scored is None:
                        waiting.appendleft(self._lost(worker, chunk))
                        continue
                    frames[chunk.number] = scored
                    worker.chunk = None
                    advance(len(chunk.pairs))
        finally:
            # After an error, what is under way would come as an answer to the next call.
            for worker in [own for own in self._workers if own.chunk]:
                worker.process.kill()
                self._end(worker)
        return [frame for frame in frames if frame is not None]

    def _lost(self, worker: _Worker, chunk: _Chunk) -> _Chunk:
        """What a process that ended was scoring, for another to do."""
        how = self._end(worker)
        if chunk.ended + 1 == TRIES:
            raise EngineFailed(f"a scorer's process ended {TRIES} times at one place ({how}): is there memory enough?")
        return chunk._replace(ended=chunk.ended + 1)

    def _end(self, worker: _Worker) -> str:
        self._workers.remove(worker)
        return worker.process.end(PATIENCE)


def processes_for(model: Path | None = None) -> int:
    """How many processes may score: one a core, but no more copies of the model's file than fit in half the memory."""
    if model is None:
        return cores()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(cores(), memory // 2 // max(model.stat().st_size, 1)))
