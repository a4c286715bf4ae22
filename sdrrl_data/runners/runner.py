"""What makes the parts of a run: this process, or others."""

from collections.abc import Sequence
from typing import Protocol

from sdrrl_data.run import Run
from sdrrl_data.steps.step import Job


class Runner(Protocol):
    """Makes parts by calling `work` wherever it likes; a step is finished before the next one is given."""

    def run(self, run: Run, job: Job, missing: Sequence[int]) -> None:
        """Make the missing parts of a step; all that it reads is there."""
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...
