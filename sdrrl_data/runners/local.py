"""Runs steps in this process, one after another, with its GPUs and cores."""

from collections.abc import Iterable, Sequence
from itertools import chain

from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run
from sdrrl_data.run.table import AT_ONCE
from sdrrl_data.runners.runner import announce
from sdrrl_data.runners.work import Written, nobody, work
from sdrrl_data.steps.model_pool import ModelPool, Models
from sdrrl_data.steps.step import Job

ROWS_AHEAD = 256  # a process that shares the parts with others takes more than one at once only if they are so small


class LocalRunner:
    """A `Runner` that makes all parts in this process.

    Args:
        models: loads the models of the steps.
        reporter: is told about the progress.
    """

    def __init__(self, models: Models, reporter: Reporter) -> None:
        self._models = ModelPool(models)
        self._reporter = reporter

    def run(
        self,
        run: Run,
        job: Job,
        missing: Sequence[int],
        parts: Iterable[int] | None = None,
        written: Written = nobody,
    ) -> None:
        """Make missing parts of a step (see `Runner`)."""
        ahead = AT_ONCE if parts is None else max(1, min(AT_ONCE, ROWS_AHEAD // max(1, *job.step.sizes)))
        waiting = iter(missing if parts is None else parts)
        first = next(waiting, None)
        if first is None:
            return
        announce(self._reporter, run, job, missing)
        work(run, job, chain([first], waiting), self._models, self._reporter.advance, written, ahead)

    def close(self) -> None:
        """Free the memory of the models."""
        self._models.close()
