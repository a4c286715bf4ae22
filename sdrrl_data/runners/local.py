"""Runs steps in this process, one after another, with its GPUs and cores."""

from collections.abc import Sequence

from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run
from sdrrl_data.runners.work import work
from sdrrl_data.steps.model_pool import ModelPool, Models
from sdrrl_data.steps.step import Job


class LocalRunner:
    """A `Runner` that makes all parts in this process.

    Args:
        models: loads the models of the steps.
        reporter: is told about the progress.
    """

    def __init__(self, models: Models, reporter: Reporter) -> None:
        self._models = ModelPool(models)
        self._reporter = reporter

    def run(self, run: Run, job: Job, missing: Sequence[int]) -> None:
        """Make the missing parts of a step. All tables that it reads are complete."""
        if not missing:
            return
        rows = job.step.rows(run)
        self._reporter.start(job.step.table, sum(rows), sum(rows) - sum(rows[part] for part in missing))
        work(run, job, missing, self._models, self._reporter.advance)

    def close(self) -> None:
        """Free the memory of the models."""
        self._models.close()
