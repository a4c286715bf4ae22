"""Makes parts of a step: every runner calls this function, in any process."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

import polars as pl

from sdrrl_data.protocols import Advance
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task, together
from sdrrl_data.run.marks import asked_again, lacking, of_inputs, unmarked, with_other_rows
from sdrrl_data.run.parts import digest_of_part
from sdrrl_data.run.table import AT_ONCE
from sdrrl_data.steps.finished_rows import FinishedRows
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.step import Job, Step

Written = Callable[[int, str], None]  # is told the number of a part that is written, and its fingerprint


def nobody(part: int, fingerprint: str) -> None:
    """Nobody is told."""


def work(
    run: Run,
    job: Job,
    parts: Iterable[int],
    models: ModelPool,
    advance: Advance,
    written: Written = nobody,
    ahead: int = AT_ONCE,
) -> None:
    """Make these parts, write each as soon as it is made, and record how long it took.

    Args:
        run: has what the parts are made from.
        job: the step, with the fingerprints that its parts should have.
        parts: the numbers of the parts, taken as they are needed; in order if the step is `ordered`.
        models: loads the models that the step needs, and keeps them for the next call.
        advance: is called with the number of rows that are finished.
        written: is called with the number of each part that is written, and its fingerprint.
        ahead: how many parts are taken together, because reading them together is faster.
    """
    step, output = job.step, job.step.output(run)
    finished_rows = FinishedRows(run, job)
    finished: dict[int, Part] = {}  # the finished rows of parts that are not complete
    rows: dict[int, int] = {}  # that go into the parts that were taken
    nothing = Part(pl.DataFrame(schema=step.schema), NOTHING_SET_ASIDE)
    waiting = 0.0  # finished rows of such parts: they count with the first that is made, not while a model is loaded

    def count(amount: float) -> None:
        nonlocal waiting
        if amount:
            amount, waiting = amount + waiting, 0.0
            advance(amount)

    def write(part: int, content: Part) -> None:
        unfinished = bool(content.again) or job.fingerprints[part] != job.whole[part]
        fingerprint = _fingerprint(run, job, part, content)
        if step.reuses_rows:
            run.table(step.table).remember(part, unmarked(fingerprint), digest_of_part(content))
        output.write(part, content, fingerprint, keep_journal=unfinished)
        written(part, fingerprint)

    def tasks() -> Iterator[Task]:
        """The parts that lack rows; those that do not, or that have none, are written on the way."""
        nonlocal waiting
        for part, tables in _inputs(run, step, parts, ahead):
            rows[part] = step.rows_into(run, part)
            if step.makes == "growth" and not rows[part]:
                write(part, nothing)  # there is nothing to learn from
                continue
            content = None if step.chooses else finished_rows.of(part, tables)
            if content is None and tables and not step.wanted(tables):
                content = nothing
            if content is not None and finished_rows.is_complete(content, tables):
                write(part, content)
                count(rows[part])
                continue
            journal = output.journal(part, unmarked(job.whole[part]))
            journal.take_up(finished_rows.journal(part, tables))
            if content is not None:
                finished[part] = content
                finished_ids = [*content.rows["id"], *content.set_aside["id"]]
                waiting += len(finished_ids)
                tables = [table.filter(~pl.col("id").is_in(finished_ids)) for table in tables]
            yield Task(part, tables, rows[part], journal)

    remaining = tasks()
    first = next(remaining, None)
    if first is None:
        return  # no model has to be loaded
    clock = _Clock()
    with step.open(run, models, count) as make:
        run.note_time(step.table, clock.lap())
        try:
            for part, content in make(chain([first], remaining)):
                if part in finished:
                    ids = run.table(step.inputs[0]).read(part)["id"].to_list()
                    content = together([finished.pop(part), content], ids)
                write(part, content)
                run.note_time(step.table, clock.lap(), part=part, rows=rows.pop(part))
        except KeyboardInterrupt:  # the rest of these parts is made another time
            run.note_time(step.table, clock.lap(), part=min(rows, default=first.part), rows=0)
            raise
    if waiting:
        advance(waiting)


def _fingerprint(run: Run, job: Job, part: int, content: Part) -> str:
    """What a part is written with: a mark says that it lacks rows, has more than when it was made first, or others."""
    expected, output = job.fingerprints[part], job.step.output(run)
    if output.done(part, expected):  # it is made again because the user asks for its refused rows again
        before = run.table(job.step.table).set_aside(part)
        failed = set(content.again)
        refused = [row for row in content.set_aside.select("id", "reason").rows() if row[0] not in failed]
        if failed or sorted(refused) != sorted(before.select("id", "reason").rows()):
            expected = asked_again(expected, refused)
    elif job.step.reuses_rows and not run.table(job.step.table).has(part):
        earlier, earlier_digest = run.table(job.step.table).remembered(part) or ("", "")
        if of_inputs(earlier) == of_inputs(expected):  # it was lost: what was made from other rows is made anew
            digest = digest_of_part(content)
            expected = earlier if digest == earlier_digest else with_other_rows(expected, digest)
    return lacking(expected, content.again)


def _inputs(run: Run, step: Step, parts: Iterable[int], ahead: int) -> Iterator[tuple[int, list[pl.DataFrame]]]:
    """Each part, with the same part of each of the step's input tables."""
    if step.makes != "part":
        yield from ((part, []) for part in parts)
        return
    waiting = iter(parts)
    while numbers := list(islice(waiting, ahead)):
        for part, *tables in zip(numbers, *(run.table(name).read_each(numbers) for name in step.inputs), strict=True):
            yield part, tables


class _Clock:
    """Measures the seconds since the last lap."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        last, self._last = self._last, time.perf_counter()
        return self._last - last
