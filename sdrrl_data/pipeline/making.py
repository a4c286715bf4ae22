"""Makes the missing parts of a run's tables, together with all other processes that work on the run.

Each process goes through the steps in their order, and takes those of the missing parts that no other process has taken
and whose inputs are there. A step that needs a whole table waits until others have finished their parts of it; so a
process goes through the steps again and again, until no part is missing.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.run import Run
from sdrrl_data.run.disk import on_disk
from sdrrl_data.run.leases import Leases
from sdrrl_data.run.marks import of_inputs
from sdrrl_data.runners.runner import Runner
from sdrrl_data.steps.step import Step

POLL = 2.0  # seconds between two looks at what others have finished


def make(
    run: Run, tables: Tables, runner: Runner, leases: Leases, check: Callable[[], None], poll: float = POLL
) -> None:
    """Make every missing part, or wait until another process has made it.

    Args:
        run: the run.
        tables: its tables; at the end with the fingerprints of what was made.
        runner: makes parts.
        leases: of this process.
        check: is called after a part is taken and before it is made; may raise an error to stop.
        poll: seconds between two looks at what others have finished.
    """
    making = _Making(run, tables, leases, check)
    try:
        _make(run, tables, runner, making, poll)
    finally:
        making.release_all()


def _make(run: Run, tables: Tables, runner: Runner, making: "_Making", poll: float) -> None:
    while True:
        before = making.finished_parts()
        for table in tables.jobs:
            missing = making.missing(table)
            if missing:
                runner.run(run, tables.jobs[table], missing, making.taken(table, missing), making.written)
                making.settle(table)
        if all(making.is_complete(table) for table in tables.jobs):
            return
        if making.finished_parts() == before:
            time.sleep(poll)


class _Making:
    """Which parts are finished, and which this process has taken."""

    def __init__(self, run: Run, tables: Tables, leases: Leases, check: Callable[[], None]) -> None:
        self._run = run
        self._tables = tables
        self._leases = leases
        self._check = check
        self._settled: dict[str, set[int]] = defaultdict(set)  # the finished parts of each table
        self._made: dict[str, set[int]] = defaultdict(set)  # by this process
        self._to_replace: set[tuple[str, int, str]] = set()  # parts made with other settings, and their fingerprints
        self._places: set[Path] = set()  # of all leases that were taken
        self._now: dict[int, str] = {}  # made since the last step was settled, with their fingerprints
        self._table = ""  # that parts are taken of

    def finished_parts(self) -> int:
        """How many parts of all tables are finished, as far as this process has seen."""
        return sum(map(len, self._settled.values()))

    def is_complete(self, table: str) -> bool:
        """Whether all parts of a table are finished."""
        return table not in self._tables.jobs or len(self._settled[table]) == self._tables.jobs[table].step.parts()

    def missing(self, table: str) -> list[int]:
        """The parts of a table that are not finished and can be made; notes those that are finished."""
        step = self._tables.jobs[table].step
        if self.is_complete(table) or not all(map(self.is_complete, step.whole)):
            return []
        unfinished = (part for part in range(step.parts()) if part not in self._settled[table])
        ready = [part for part in unfinished if self._is_ready(step, part)]
        if not ready:
            return []
        needed = set(self._tables.missing(table)) if step.only_if_read else set(ready)
        written = self._finished(table, ready)
        self._note(table, written | {part: "" for part in ready if part not in needed})
        return [part for part in ready if part not in self._settled[table]]

    def taken(self, table: str, missing: Sequence[int]) -> Iterator[int]:
        """Those of the missing parts that no other process has, each taken when it is wanted."""
        self._table, self._now = table, {}
        step = self._tables.jobs[table].step
        output = step.output(self._run)
        if step.ordered and not self._take(output.lease()):
            return
        finished: set[int] = set()  # by other processes, since the missing parts were counted
        for number, part in enumerate(missing):
            if part in finished or not (step.ordered or self._take(output.lease(part))):
                continue
            if self._finished(table, [part]):
                self._leases.release(output.lease(part))
                finished |= self._finished(table, missing[number + 1 :]).keys()
            else:
                yield part

    def written(self, part: int, fingerprint: str) -> None:
        """A part was made by this process."""
        self._made[self._table].add(part)
        self._now[part] = fingerprint
        self._leases.release(self._tables.jobs[self._table].step.output(self._run).lease(part))

    def settle(self, table: str) -> None:
        """Note what was made of a table."""
        step = self._tables.jobs[table].step
        if step.ordered:
            self._leases.release(step.output(self._run).lease())
        self._note(table, self._now)
        self._now = {}

    def release_all(self) -> None:
        """Leave to others what was taken and is not made."""
        for place in self._places:
            self._leases.release(place)

    def _take(self, place: Path) -> bool:
        with on_disk(place):
            taken = self._leases.take(place)
        if taken:
            self._places.add(place)
            self._check()
        return taken

    def _is_ready(self, step: Step, part: int) -> bool:
        """Whether everything is there that a part is made from, besides whole tables."""
        read = [part] if step.makes == "part" else range(step.bounds[part] if step.makes == "growth" else 0)
        return all(self._is_settled(table, other) for table in step.inputs for other in read) and all(
            self._is_settled(table, step.growth_of(part)) for table in step.learned
        )

    def _is_settled(self, table: str, part: int) -> bool:
        return table not in self._tables.jobs or part in self._settled[table]

    def _finished(self, table: str, parts: Sequence[int]) -> dict[int, str]:
        """Those of these parts that are finished, with the fingerprints that they were written with."""
        job = self._tables.jobs[table]
        output, finished = job.step.output(self._run), {}
        output.look()
        existing = output.existing() if len(parts) > 1 else set(parts)
        for part in parts:
            written = output.written(part) if part in existing else None
            if written is None:
                continue
            if of_inputs(written) != of_inputs(job.fingerprints[part]):
                if (table, part, written) not in self._to_replace:
                    output.done(part, job.fingerprints[part])  # refuses one that is damaged, before it is replaced
                self._to_replace.add((table, part, written))
            elif part in self._made[table] or not self._tables.wants_again(table, part, written):
                finished[part] = written
        return finished

    def _note(self, table: str, written: dict[int, str]) -> None:
        if written:
            self._tables.accept(table, written)
            self._settled[table] |= written.keys()
