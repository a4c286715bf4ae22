"""The interface of runners, which make the parts of a run in this process or in others."""

from collections.abc import Sequence
from typing import Protocol

from sdrrl_data.run import Run
from sdrrl_data.steps.step import Job


class Runner(Protocol):
    """Makes parts by calling `work` in any process. A step is finished before the next step begins."""

    def run(self, run: Run, job: Job, missing: Sequence[int]) -> None:
        """Make the missing parts of a step. All tables that it reads are complete."""
        ...

    def close(self) -> None:
        """Free memory and end processes."""
        ...
