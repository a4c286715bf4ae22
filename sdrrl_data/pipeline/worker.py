"""A worker: makes parts of a run that another process has begun, until none is left."""

import os
import socket
import time
from contextlib import suppress
from os import PathLike
from pathlib import Path

from sdrrl_data.errors import RunUnfinished
from sdrrl_data.pipeline import begun, finishing, leftovers, making, scorers
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.run import Manifest, Run, opened, trust_run
from sdrrl_data.run.leases import Leases
from sdrrl_data.runners.local import LocalRunner
from sdrrl_data.steps.model_pool import Models


class _Changed(Exception):
    """The run was begun anew, so that a worker has to plan again."""


def work(
    path: str | PathLike[str],
    models: Models | None = None,
    reporter: Reporter | None = None,
    *,
    trust: bool = False,
    poll: float = making.POLL,
) -> Manifest:
    """Make parts of a run that `generate` has begun, until none is missing.

    Any number of workers, on any machines that share the run's folder, and `generate` itself may work on it at the same
    time. Whatever a worker that was killed had taken, another one takes over. The last one finishes the run.

    Args:
        path: the run's folder, or its address in an object store.
        models: finds and loads generator and translators; by default, those of the recipe.
        reporter: is told about the progress of this worker.
        trust: whether the run may use the code, the programs, the servers and the files that its recipe names.
        poll: seconds between two looks at what others have finished.

    Returns:
        The manifest of the finished run.

    Raises:
        UserError: there is no such run, its recipe may not be used here, or a model or a package is not the one that
            the run was begun with. Nothing was written.
        Stopped: a model's process, a server or the disk failed. What is finished is kept.
    """
    _, manifest = opened(Path(path))
    run = Run(path, worker=f"{socket.gethostname()}-{os.getpid()}")
    if trust:
        trust_run(run, manifest)
    models, reporter = models or Models(), reporter or Silent()
    with Leases() as leases:
        while manifest.state != "finished":
            begun_as = run.manifest_bytes()
            if manifest.state == "beginning":
                _wait_for_beginning(run, leases, poll)
            else:
                with suppress(_Changed):
                    tables = _make(run, manifest, begun_as, models, reporter, leases, poll)
                    _finish(run, manifest, begun_as, tables, leases, poll)
            # Not `opened`: what others have just written may be missing in a listing that NFS has cached.
            run.look()
            manifest = run.manifest() or manifest
        leases.tidy(run.path)
    run.share_timings()
    return manifest


def _make(
    run: Run, manifest: Manifest, begun_as: bytes, models: Models, reporter: Reporter, leases: Leases, poll: float
) -> Tables:
    """Make parts until none is missing; returns the tables.

    Raises:
        _Changed: the run was begun anew.
    """

    def check() -> None:
        if run.manifest_bytes() != begun_as:
            raise _Changed

    check()  # the manifest was read before its bytes were
    plan = begun.plan_of(run, manifest, models)
    scorers.prepare(plan.scorers_to_open(), reporter.say)
    runner = LocalRunner(models, reporter)
    try:
        making.make(run, plan.tables, runner, leases, check, poll)
    finally:
        runner.close()
    return plan.tables


def _wait_for_beginning(run: Run, leases: Leases, poll: float) -> None:
    """Wait while another process writes the seeds of a run.

    Raises:
        RunUnfinished: it has ended before they were all written.
    """
    run.look()
    manifest = run.manifest()
    if leases.holder(run.lock_place) is None and manifest and manifest.state == "beginning":
        raise RunUnfinished(f"{run.path} has not all of its seeds: `{run.command} --begin` goes on with it")
    time.sleep(poll)


def _finish(run: Run, manifest: Manifest, begun_as: bytes, tables: Tables, leases: Leases, poll: float) -> None:
    """Finish a run whose parts are all made, or wait until the process that has locked it has done so."""
    while run.manifest_bytes() == begun_as:
        if not leases.take(run.lock_place):
            time.sleep(poll)
            continue
        try:
            if run.manifest_bytes() == begun_as:
                run.look()
                leftovers.remove(run, tables, leases, all_made=True)
                finishing.finish(run, manifest)
        finally:
            leases.release(run.lock_place)
