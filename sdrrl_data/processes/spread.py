"""A scorer on several cores."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sdrrl_data.errors import EngineFailed
from sdrrl_data.processes.child_process import cores, module
from sdrrl_data.processes.jobs import batches, rows
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import Advance, Scorer, SetAside, TextPair

if TYPE_CHECKING:
    import polars as pl

MOST = 512  # pairs that a process is given at a time
WORTH = 2048  # pairs from which on it pays to start processes, each of which takes half a second
# Each process is to use one core; read by what the scorer imports.
ONE_CORE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")}
SHOWN = 80  # characters of a text that are quoted


class Spread:
    """Scores in several processes, each of which makes a scorer of its own; the first few pairs are scored in this one.

    Only for a scorer that judges each pair by itself. A pair over which processes end gets no scores (null), and a
    warning says so.
    """

    def __init__(self, make: Callable[[], Scorer], processes: int) -> None:
        """Start nothing yet.

        Args:
            make: gives the scorer; it is pickled, so a function of a module, or a partial of one or of a class.
            processes: how many there may be.
        """
        self._make = make
        self._processes = processes
        self._scorer: Scorer | None = None  # in this process
        self._scored_here = 0  # pairs
        self._pool = Pool(
            "a scorer's process", module("sdrrl_data.processes.spread_worker", **ONE_CORE), lambda _: make
        )

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """What the scorer says, in the order of the pairs.

        Raises:
            UserError: a scorer could not be made.
            EngineFailed: processes end over and over.
        """
        if self._processes == 1 or self._scored_here + len(pairs) < WORTH:
            self._scorer = self._scorer or self._make()
            self._scored_here += len(pairs)
            return self._scorer.score(pairs, advance)
        size = min(MOST, -(-len(pairs) // self._processes) or 1)
        jobs = list(batches(pairs, size)) or [(0, pairs)]
        frames: dict[int, pl.DataFrame | None] = {}
        for start, frame in self._pool.ask(jobs, min(self._processes, len(jobs)), rows):
            if isinstance(frame, SetAside):
                logging.getLogger(__name__).warning(
                    "a pair has no scores (%s): “%s”", frame.reason, pairs[start].source[:SHOWN]
                )
                frame = None
            frames[start] = frame
            advance(1 if frame is None else frame.height)
        return _joined([frames[start] for start in sorted(frames)])

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def _joined(frames: "Sequence[pl.DataFrame | None]") -> "pl.DataFrame":
    """Frames below each other; a row of nulls for each that is missing."""
    import polars as pl

    scored = [frame for frame in frames if frame is not None]
    if not scored:
        raise EngineFailed(
            "no pair could be scored; finished rows are kept. Look above for what the scorer's process said"
        )
    nulls = scored[0].clear(1)
    return pl.concat([nulls if frame is None else frame for frame in frames])


def processes_for(model: Path | None = None) -> int:
    """How many processes may score: one a core, but no more copies of the model's file than fit in half the memory."""
    if model is None:
        return cores()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(cores(), memory // 2 // max(model.stat().st_size, 1)))
