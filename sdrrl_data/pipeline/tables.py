"""The tables of a run: the fingerprints that their parts should have, and the parts that are missing."""

from collections.abc import Mapping, Sequence

from sdrrl_data.pipeline import fingerprints
from sdrrl_data.run import Part, Run, fingerprint
from sdrrl_data.steps.step import Job, Step


class Tables:
    """The tables that are read from the run's sources, and those that its steps make, in their order.

    Args:
        run: may have some of their parts.
        sources: the parts of the tables that are read from the run's sources.
        existing: the fingerprints of further tables, which are complete.
    """

    def __init__(
        self, run: Run, sources: Mapping[str, Sequence[Part]], existing: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._run = run
        self.sources = sources
        self.jobs: dict[str, Job] = {}
        self.fingerprints: dict[str, Sequence[str]] = dict(existing or {}) | {
            table: [fingerprint(part.rows.to_dicts()) for part in parts] for table, parts in sources.items()
        }

    def add(self, steps: Sequence[Step]) -> None:
        """Add steps. The tables that a step reads must have been added before."""
        for step in steps:
            self.jobs[step.table] = fingerprints.job(step, self.fingerprints, self._run)
            self.fingerprints[step.table] = self.jobs[step.table].fingerprints

    def missing(self, table: str) -> list[int]:
        """The parts of a table that still have to be made or written.

        A part of a learned table only has to be made if a missing part of another table reads it.
        """
        step = self.jobs[table].step if table in self.jobs else None
        output = step.output(self._run) if step else self._run.table(table)
        expected = enumerate(self.fingerprints[table])
        parts = [part for part, fingerprint in expected if not output.done(part, fingerprint)]
        if not parts or not step or step.makes != "growth":
            return parts
        needed = {
            reader.step.growth_of(part)
            for reader in self.jobs.values()
            if table in reader.step.learned
            for part in self.missing(reader.step.table)
        }
        return [part for part in parts if part in needed]

    def all_missing(self) -> dict[str, list[int]]:
        """The missing parts of each table with missing parts."""
        missing = {table: self.missing(table) for table in self.fingerprints}
        return {table: parts for table, parts in missing.items() if parts}
