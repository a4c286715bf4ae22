"""The jobs of a pool, and how they are divided to find the one that ends workers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

PARTS = 8  # into which jobs are divided, again and again, to find the job that ends workers

Split = Callable[[Any, Any, str], list[tuple[Any, Any]]]
"""Divides a job. Gets its key, the job, and the reason for the division (how a worker ended, or `memory`)."""


class QueuedJob(NamedTuple):
    """A job, and how often it ended a worker."""

    key: Any
    job: Any
    ended: int = 0  # workers that ended while they had the job
    ended_alone: int = 0  # those that had no other job: any other may have ended by another job, or by chance

    def counted(self, alone: bool) -> "QueuedJob":
        """The job after another worker has ended with it."""
        return self._replace(ended=self.ended + 1, ended_alone=self.ended_alone + alone)

    def uncounted(self) -> "QueuedJob":
        """The job before a worker ends that will count, although the job does not end it."""
        return self._replace(ended=self.ended - 1, ended_alone=self.ended_alone - 1)

    def divided(self, split: Split, why: str) -> "list[QueuedJob]":
        """Its parts; only the job itself if it cannot be divided."""
        return [self._replace(key=key, job=job) for key, job in split(self.key, self.job, why)]


def undivided(key: Any, job: Any, why: str) -> list[tuple[Any, Any]]:
    """A job that cannot be divided (a `Split`)."""
    return [(key, job)]


def rows(start: int, batch: Sequence[Any], why: str) -> list[tuple[int, Sequence[Any]]]:
    """The parts of a batch of rows, whose key is the number of its first row (a `Split`)."""
    return list(batches(batch, -(-len(batch) // PARTS) or 1, start)) or [(start, batch)]


def batches(all_rows: Sequence[Any], size: int, first: int = 0) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows in batches of at most this size, each with the number of its first row. Rows are numbered from `first`."""
    for start in range(0, len(all_rows), size):
        yield first + start, all_rows[start : start + size]


def groups(jobs: Sequence[QueuedJob]) -> list[Sequence[QueuedJob]]:
    """Jobs in groups, each of which a worker gets when it has no other jobs."""
    return [group for _, group in batches(jobs, -(-len(jobs) // PARTS) or 1)]
