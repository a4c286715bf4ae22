"""Runs steps in this process, one after the other, with its GPUs and cores."""

from collections.abc import Sequence

from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run
from sdrrl_data.runners.work import work
from sdrrl_data.steps.model_pool import ModelPool, Models
from sdrrl_data.steps.step import Job


class LocalRunner:
    """The first `Runner`: this process.

    Args:
        models: what loads the models of the steps.
        reporter: is told about progress.
    """

    def __init__(self, models: Models, reporter: Reporter) -> None:
        self._models = ModelPool(models)
        self._reporter = reporter

    def run(self, run: Run, job: Job, missing: Sequence[int]) -> None:
        """Make the missing parts of a step, of which those before are there."""
        if not missing:
            return
        rows = job.step.rows(run)
        self._reporter.start(job.step.table, sum(rows), sum(rows) - sum(rows[part] for part in missing))
        work(run, job, missing, self._models, self._reporter.advance)

    def close(self) -> None:
        """Free what the models hold."""
        self._models.close()
