"""The jobs of a pool: what is known of one, and how several are divided to find the one that ends workers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

PARTS = 8  # into which jobs are divided, over and over, to find the one that ends workers

Split = Callable[[Any, Any, str], list[tuple[Any, Any]]]
"""Divides a job, given its key, the job, and why it has to be divided (how a worker ended over it, or `memory`)."""


class QueuedJob(NamedTuple):
    """A job, and how it went so far."""

    key: Any
    job: Any
    ended: int = 0  # workers that ended while they had it

    def divided(self, split: Split, why: str) -> "list[QueuedJob]":
        """Its parts; itself alone where it has none."""
        return [self._replace(key=key, job=job) for key, job in split(self.key, self.job, why)]


def whole(key: Any, job: Any, why: str) -> list[tuple[Any, Any]]:
    """A job that cannot be divided (a `Split`)."""
    return [(key, job)]


def rows(start: int, batch: Sequence[Any], why: str) -> list[tuple[int, Sequence[Any]]]:
    """The parts of a batch of rows, whose key is the number of its first (a `Split`)."""
    return list(batches(batch, -(-len(batch) // PARTS) or 1, start)) or [(start, batch)]


def batches(all_rows: Sequence[Any], size: int, first: int = 0) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows in batches of at most some size, each with the number of its first row; `first` is that of all."""
    for start in range(0, len(all_rows), size):
        yield first + start, all_rows[start : start + size]


def groups(jobs: Sequence[QueuedJob]) -> list[Sequence[QueuedJob]]:
    """Jobs in groups, each of which is asked of a worker that has nothing else."""
    return [group for _, group in batches(jobs, -(-len(jobs) // PARTS) or 1)]
