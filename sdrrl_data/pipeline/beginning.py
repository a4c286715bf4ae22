"""Begins a run, or its next growth or change: what is decided once, by one process, before parts are made."""

import time
from collections.abc import Mapping
from typing import Any

from sdrrl_data.errors import RunBusy
from sdrrl_data.pipeline import leftovers, replaced
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter
from sdrrl_data.recipe import overrides
from sdrrl_data.run import Counts, Manifest, provenance, unused
from sdrrl_data.run.leases import Leases

RECIPE = "recipe.yaml"  # in the run: what it was made from, for people to read and for `generate --recipe`
WAIT = 1.0  # seconds between two looks at the parts that others are making


def begin(
    plan: Plan, leases: Leases, reporter: Reporter, named: Mapping[str, Any] | None, command: str | None
) -> Manifest:
    """Write the manifest, the recipe and the seeds of a run.

    If the run was begun in the same way before, nothing is changed, and other processes may be working on it.

    Args:
        plan: of the run.
        leases: of this process, which has locked the run.
        reporter: is told what is waited for.
        named: what is written in the file that the recipe was made from, to be remembered.
        command: what was typed, to be remembered if it begins the run.

    Returns:
        The run's manifest, which is not finished.

    Raises:
        RunBusy: other processes are making parts of the run as it was begun before.
    """
    manifest = _manifest(plan, named, command)
    before, has_sources = plan.before, not any(map(plan.missing, plan.tables.sources))
    if (
        before
        and has_sources
        and before == manifest.model_copy(update={"counts": before.counts, "files": before.files})
    ):
        plan.tables.use_again(unused.states(plan.run))
        leftovers.remove(plan.run, plan.tables, leases)
        return before
    _refuse_workers(plan, leases, reporter)
    replaced.keep_replaced(plan.run, plan.tables)
    plan.tables.use_again(unused.states(plan.run))
    plan.run.write_manifest(manifest.model_copy(update={"state": "beginning"}))
    while leases.others(plan.run.path):  # taken as this process looked; from now on nobody takes another one
        time.sleep(WAIT)
    plan.run.write_text(RECIPE, overrides.written(dict(plan.resolved)))
    _write_sources(plan)
    leftovers.remove(plan.run, plan.tables, leases)
    plan.run.write_manifest(manifest)
    return manifest


def _manifest(plan: Plan, named: Mapping[str, Any] | None, command: str | None) -> Manifest:
    return Manifest(
        state="unfinished",
        signatures=dict(plan.signatures),
        recipe=dict(plan.resolved),
        named=_remembered(plan, named),
        command=plan.before.command if plan.before else command,
        versions=provenance.versions(),
        ingredients=plan.ingredients,
        used={
            tag: [plan.ingredients.index(part) for part in dict.fromkeys(parts)]
            for tag, parts in plan.ingredients_of.items()
        },
        tables={table: len(parts) for table, parts in plan.tables.sources.items()}
        | {table: job.step.parts() for table, job in plan.tables.jobs.items()},
        growths=plan.growths,
        counts=_unchanged_counts(plan),
        files=plan.before.files if plan.before else {},
    )


def _refuse_workers(plan: Plan, leases: Leases, reporter: Reporter) -> None:
    """Refuse to change a run of which others are making parts.

    Raises:
        RunBusy: they are.
    """
    waited = False
    while others := leases.others(plan.run.path):
        for place, holder in others.items():
            if leases.is_renewed(place):
                raise RunBusy(
                    f"{holder} is working on {plan.run.path}, which this command would change: wait for it, or stop it"
                )
        if not waited:
            reporter.say(
                f"waiting to see whether {', '.join(sorted({str(other) for other in others.values()}))} still works"
            )
        waited = True
        time.sleep(WAIT)


def _remembered(plan: Plan, named: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is written in the file of the recipe; if no file is named, the one that was named before."""
    if named is not None:
        return dict(named)
    return plan.before.named if plan.before else None


def _unchanged_counts(plan: Plan) -> Counts:
    """The figures of the targets whose transfer sets stay as they are."""
    if plan.before is None:
        return Counts()
    finished_tags = {target.tgt.tag for target in plan.targets if not plan.missing(target.table("transfer_set"))}
    return Counts(targets={tag: target for tag, target in plan.before.counts.targets.items() if tag in finished_tags})


def _write_sources(plan: Plan) -> None:
    """Write the tables that were read, so that the run can be understood and continued without its sources."""
    for name, parts in plan.tables.sources.items():
        table = plan.run.table(name)
        table.forget_after(len(parts))
        for part in plan.missing(name):
            table.write(part, parts[part], plan.tables.fingerprints[name][part])
