"""Finished parts that a plan would replace: the run is kept as it is before this happens."""

from sdrrl_data.pipeline import earlier_parts
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.run import Run, unused
from sdrrl_data.run.marks import unmarked


def keep_replaced(run: Run, tables: Tables) -> None:
    """Keep the run as it is, if parts that are worth keeping would be replaced or removed, and are not kept yet."""
    manifest = run.manifest()
    if manifest and not all(unused.is_kept(run, table, part) for table, part in replaced(run, tables)):
        unused.keep(run, manifest)


def replaced(run: Run, tables: Tables) -> list[tuple[str, int]]:
    """The finished or begun parts that are worth keeping and that do not stay: (table, number).

    A part stays if it is made again only because it lacks rows, or a part that it is made from does.
    """
    staying: dict[str, set[int]] = {
        table: {
            part for part, expected in enumerate(tables.fingerprints[table]) if run.table(table).done(part, expected)
        }
        for table in tables.sources
    }
    gone = []
    for name, job in tables.jobs.items():
        if not job.step.reuses_rows:
            continue
        table = run.table(name)
        written = {part: unmarked(table.fingerprint(part) or "") for part in table.numbers()}
        same = {part for part, whole in enumerate(job.whole) if written.get(part) == unmarked(whole)}
        if same < written.keys():
            same |= set.intersection(
                set(earlier_parts.valid(job.step, job.fingerprints, run)),
                *(staying[table] for table in job.step.inputs),
            )
        staying[name] = same
        gone += [(name, part) for part in written if part not in same]
    return gone
