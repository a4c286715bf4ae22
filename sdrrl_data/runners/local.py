"""Doing a step: its missing parts are made, written and timed."""

import time
from collections.abc import Iterator, Sequence

import polars as pl

from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run, Task
from sdrrl_data.steps.step import Step

READ_AHEAD = 16  # parts of a step's inputs that are read together


def do(run: Run, step: Step, expected: Sequence[str], reporter: Reporter) -> None:
    """Make the parts of a step that are missing.

    Args:
        run: has the tables that the step is made from, whole.
        step: what to do.
        expected: the fingerprint that each part should have.
        reporter: is told how it gets on.
    """
    table = run.table(step.table)
    missing = [part for part, print in enumerate(expected) if not table.done(part, print)]
    table.forget_after(len(expected), journals=missing)
    if not missing:
        return
    rows = rows_in(run, step, len(expected))
    reporter.start(step.table, sum(rows), sum(rows) - sum(rows[part] for part in missing))
    clock = _Clock()
    with step.open(run, reporter.advance) as work:
        run.note_time(step.table, clock.lap())
        tasks = (
            Task(part, tables, rows[part], table.journal(part, expected[part]))
            for part, tables in _inputs(run, step, missing)
        )
        for part, made in work(tasks):
            table.write(part, made, expected[part])
            run.note_time(step.table, clock.lap(), part=part, rows=rows[part])


def rows_in(run: Run, step: Step, parts: int) -> list[int]:
    """How many rows go into each part of a step, once the steps before it are done."""
    if not step.inputs:
        return list(step.sizes)
    table = run.table(step.inputs[-1])
    return [table.rows(part) for part in range(parts)]


def _inputs(run: Run, step: Step, parts: Sequence[int]) -> Iterator[tuple[int, list[pl.DataFrame]]]:
    """Each part, with the same part of each table that it is made from."""
    for start in range(0, len(parts), READ_AHEAD):
        some = parts[start : start + READ_AHEAD]
        tables = [run.table(name).read_each(some) for name in step.inputs]
        yield from ((part, [table[place] for table in tables]) for place, part in enumerate(some))


class _Clock:
    """Tells the seconds since it was last asked."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        before, self._last = self._last, time.perf_counter()
        return self._last - before
