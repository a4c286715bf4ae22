"""The interface of runners, which make the parts of a run in this process or in others."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run
from sdrrl_data.runners.work import Written, nobody
from sdrrl_data.steps.step import Job


class Runner(Protocol):
    """Makes parts by calling `work` in any process."""

    def run(
        self,
        run: Run,
        job: Job,
        missing: Sequence[int],
        parts: Iterable[int] | None = None,
        written: Written = nobody,
    ) -> None:
        """Make missing parts of a step. All that they are made from is there.

        Args:
            run: has the tables.
            job: the step, with the fingerprints that its parts should have.
            missing: the numbers of the missing parts.
            parts: hands out those of them that this runner is to make, one after another; by default all. If other
                processes work on the rest, it is empty.
            written: is called with the number of each part that is written, and its fingerprint.
        """
        ...

    def close(self) -> None:
        """Free memory and end processes."""
        ...


def announce(reporter: Reporter, run: Run, job: Job, missing: Sequence[int]) -> None:
    """Tell a reporter that work on a step begins: its rows, and how many of them are finished.

    Of a step without rows, nothing is said; of one whose rows are not counted, no number of them.
    """
    rows = [job.step.rows_into(run, part) for part in range(job.step.parts())]
    if sum(rows):
        unit = "" if job.step.makes == "table" and job.step.planned_rows() == [1] else "rows"
        reporter.start(job.step.table, sum(rows), sum(rows) - sum(rows[part] for part in missing), unit)
