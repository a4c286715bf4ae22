"""The tables of a run: which fingerprints their parts should have, and which parts are missing."""

from collections.abc import Mapping, Sequence

from sdrrl_data.pipeline import fingerprints
from sdrrl_data.run import Part, Run, fingerprint
from sdrrl_data.steps.step import Job, Step


class Tables:
    """The tables that a run reads, and those that its steps make, in their order.

    Args:
        run: may have some of their parts.
        given: the tables that are read, not made.
        known: the fingerprints of further tables, which are there.
    """

    def __init__(
        self, run: Run, given: Mapping[str, Sequence[Part]], known: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._run = run
        self.given = given
        self.jobs: dict[str, Job] = {}
        self.fingerprints: dict[str, Sequence[str]] = dict(known or {}) | {
            table: [fingerprint(part.rows.to_dicts()) for part in parts] for table, parts in given.items()
        }

    def add(self, steps: Sequence[Step]) -> None:
        """Add steps, each after all that it reads."""
        for step in steps:
            self.jobs[step.table] = fingerprints.job(step, self.fingerprints, self._run)
            self.fingerprints[step.table] = self.jobs[step.table].fingerprints

    def missing(self, table: str) -> list[int]:
        """The parts of a table that are to be made, or written.

        What is learned is made only where it is read: for a part that is missing itself.
        """
        step = self.jobs[table].step if table in self.jobs else None
        output = step.output(self._run) if step else self._run.table(table)
        expected = enumerate(self.fingerprints[table])
        parts = [part for part, fingerprint in expected if not output.done(part, fingerprint)]
        if not parts or not step or step.makes != "growth":
            return parts
        wanted = {
            reader.step.growth_of(part)
            for reader in self.jobs.values()
            if table in reader.step.learned
            for part in self.missing(reader.step.table)
        }
        return [part for part in parts if part in wanted]

    def all_missing(self) -> dict[str, list[int]]:
        """The missing parts of every table that has some."""
        missing = {table: self.missing(table) for table in self.fingerprints}
        return {table: parts for table, parts in missing.items() if parts}
