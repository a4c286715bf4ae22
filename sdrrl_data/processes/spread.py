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

MAX_BATCH = 512  # pairs
MIN_PAIRS = 2048  # from which on it is worth starting processes, each of which takes half a second to start
# Each process should use one core; the scorer's libraries read these variables.
ONE_CORE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")}
SHOWN = 80  # characters of a text that are quoted


class Spread:
    """Scores in several processes, each with its own scorer; the first pairs are scored in this process.

    Only for scorers that judge each pair independently. A pair that ends several processes gets no scores (null), and a
    warning says so.
    """

    def __init__(self, make: Callable[[], Scorer], processes: int) -> None:
        """Start nothing yet.

        Args:
            make: returns the scorer. It is pickled, so it must be a function of a module, or a partial of such a
                function or of a class.
            processes: the most processes.
        """
        self._make = make
        self._processes = processes
        self._scorer: Scorer | None = None  # in this process
        self._scored_here = 0  # pairs
        self._pool = Pool(
            "a scorer's process", module("sdrrl_data.processes.spread_worker", **ONE_CORE), lambda _: make
        )

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """The scores, in the order of the pairs.

        Raises:
            UserError: a scorer could not be loaded.
            EngineFailed: the processes end again and again.
        """
        if self._processes == 1 or self._scored_here + len(pairs) < MIN_PAIRS:
            self._scorer = self._scorer or self._make()
            self._scored_here += len(pairs)
            return self._scorer.score(pairs, advance)
        size = min(MAX_BATCH, -(-len(pairs) // self._processes) or 1)
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
    """The frames as one, with a row of nulls for each missing frame."""
    import polars as pl

    scores = [frame for frame in frames if frame is not None]
    if not scores:
        raise EngineFailed(
            "no pair could be scored; finished rows are kept. Look above for the output of the scorer's process"
        )
    nulls = scores[0].clear(1)
    return pl.concat([nulls if frame is None else frame for frame in frames])


def processes_for(model: Path | None = None) -> int:
    """How many processes may score: one per core, but no more copies of the model's file than half the memory holds."""
    if model is None:
        return cores()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(cores(), memory // 2 // max(model.stat().st_size, 1)))
