"""What killed processes have left in a run: removed while nobody else is writing there."""

from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.run import Run
from sdrrl_data.run.leases import Leases


def remove(run: Run, tables: Tables, leases: Leases, all_made: bool = False) -> None:
    """Remove parts from the last one on, unfinished files, and journals of finished parts.

    Args:
        run: is locked.
        tables: of the run.
        leases: of this process; if others are making parts, nothing is removed.
        all_made: whether no part is missing, so that this need not be looked up.
    """
    if leases.others(run.path):
        return
    for table, job in tables.jobs.items():
        missing = [] if all_made else tables.missing(table)
        job.step.output(run).forget_after(job.step.parts(), journals={*missing, *job.unfinished()})
