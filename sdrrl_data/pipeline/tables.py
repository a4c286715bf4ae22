"""The tables of a run: the fingerprints that their parts should have, and the parts that are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdrrl_data.pipeline import earlier_parts, fingerprints
from sdrrl_data.run import Part, Run, fingerprint_of_rows
from sdrrl_data.run.marks import has_other_rows, is_lacking, of_inputs, unmarked
from sdrrl_data.steps.step import Job, Step


class Tables:
    """The tables that are read from the run's sources, and those that its steps make, in their order.

    Args:
        run: may have some of their parts.
        sources: the parts of the tables that are read from the run's sources.
        existing: the fingerprints of further tables, which are complete.
        accept_lacking: whether parts that lack rows because a server failed stay as they are.
        retry_set_aside: whether finished parts are made again in which a model refused rows.
        states: the run as it is, and its earlier states, whose finished rows are used again.
    """

    def __init__(
        self,
        run: Run,
        sources: Mapping[str, Sequence[Part]],
        existing: Mapping[str, Sequence[str]] | None = None,
        accept_lacking: bool = False,
        retry_set_aside: bool = False,
        states: Sequence[Run] = (),
    ) -> None:
        self._run = run
        self._accept_lacking = accept_lacking
        self._retry_set_aside = retry_set_aside
        self._states = states
        self._asked_again: dict[str, list[int]] = {}  # finished parts of a table whose refused rows are asked again
        self.sources = sources
        self.jobs: dict[str, Job] = {}
        self.fingerprints: dict[str, Sequence[str]] = dict(existing or {}) | {
            table: [fingerprint_of_rows(part.rows) for part in parts] for table, parts in sources.items()
        }

    def add(self, steps: Sequence[Step]) -> None:
        """Add steps. The tables that a step reads must have been added before."""
        for step in steps:
            job = fingerprints.job(step, self.fingerprints, self._run, self._accept_lacking)
            self.jobs[step.table] = replace(job, asks_again=self._retry_set_aside)
            self.fingerprints[step.table] = self.jobs[step.table].fingerprints
            if self._retry_set_aside and step.asks_model:
                set_aside = self._run.table(step.table).set_aside
                self._asked_again[step.table] = [part for part in range(step.parts()) if not set_aside(part).is_empty()]
            self._find_earlier_parts(step.table, self._states)

    def use_again(self, states: Sequence[Run]) -> None:
        """Use the finished rows of these earlier states of the run only, because the run itself is about to change."""
        for table in self.jobs:
            self._find_earlier_parts(table, states)

    def settle(self, table: str, parts: Sequence[int]) -> None:
        """Expect these parts of a table as they were just made.

        If a server failed at some rows, or refused rows are there now, later tables have other fingerprints.
        """
        output = self.jobs[table].step.output(self._run)
        self.accept(table, {part: output.written(part) or "" for part in parts})

    def accept(self, table: str, written: Mapping[int, str]) -> None:
        """As `settle`, with the fingerprints that these parts were written with."""
        again = self._asked_again.pop(table, [])
        if still := [part for part in again if part not in written]:
            self._asked_again[table] = still
        job = self.jobs[table]
        written_fingerprints = list(job.fingerprints)
        for part, fingerprint in written.items():
            if fingerprint and of_inputs(fingerprint) == of_inputs(job.fingerprints[part]):
                written_fingerprints[part] = fingerprint
        if tuple(written_fingerprints) == job.fingerprints:
            return
        self.jobs[table] = replace(job, fingerprints=tuple(written_fingerprints))
        self.fingerprints[table] = written_fingerprints
        others = any(
            has_other_rows(now) and unmarked(now) != unmarked(before)
            for now, before in zip(written_fingerprints, job.fingerprints, strict=True)
        )
        following = list(self.jobs)[list(self.jobs).index(table) + 1 :]
        for name in following:
            later = self.jobs[name]
            now = fingerprints.job(later.step, self.fingerprints, self._run, self._accept_lacking).fingerprints
            self.jobs[name] = replace(later, fingerprints=now, whole=now if others else later.whole)
            self.fingerprints[name] = now

    def wants_again(self, table: str, part: int, written: str) -> bool:
        """Whether a part that was made with the right settings is still to be made again.

        Args:
            table: its table.
            part: its number.
            written: the fingerprint that it was written with.
        """
        lacks_rows = is_lacking(written) and written != self.jobs[table].fingerprints[part]
        return part in self._asked_again.get(table, ()) or (lacks_rows and not self._accept_lacking)

    def lacking(self) -> bool:
        """Whether a server failed at some of the rows that are there."""
        return any(
            is_lacking(job.step.output(self._run).written(part) or "")
            for job in self.jobs.values()
            for part in range(job.step.parts())
        )

    def missing(self, table: str) -> list[int]:
        """The parts of a table that still have to be made or written.

        A part of a table that is `only_if_read` only has to be made if a missing part of another table reads it, or if
        its refused rows are asked for again.
        """
        step = self.jobs[table].step if table in self.jobs else None
        output = step.output(self._run) if step else self._run.table(table)
        expected = enumerate(self.fingerprints[table])
        again = self._asked_again.get(table, [])
        parts = [part for part, fingerprint in expected if part in again or not output.done(part, fingerprint)]
        if not parts or not step or not step.only_if_read:
            return parts
        needed = set(again)
        for reader in self.jobs.values():
            if table in reader.step.learned:
                needed |= {reader.step.growth_of(part) for part in self.missing(reader.step.table)}
            if table in reader.step.inputs:
                needed |= set(self.missing(reader.step.table))
        return [part for part in parts if part in needed]

    def all_missing(self) -> dict[str, list[int]]:
        """The missing parts of each table with missing parts."""
        missing = {table: self.missing(table) for table in self.fingerprints}
        return {table: parts for table, parts in missing.items() if parts}

    def _find_earlier_parts(self, table: str, states: Sequence[Run]) -> None:
        job = self.jobs[table]
        if job.step.reuses_rows and states and self.missing(table):
            self.jobs[table] = replace(job, earlier=earlier_parts.of(job.step, job.fingerprints, states))
