"""Make a transfer set: do what a plan says is missing."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from sdrrl_data import counts, provenance
from sdrrl_data.in_memory import Models
from sdrrl_data.pipeline import Step, Target
from sdrrl_data.plan import Plan
from sdrrl_data.publishing import card
from sdrrl_data.recipe import Recipe, score_tables
from sdrrl_data.run import Counts, Kind, Manifest, Run, Task
from sdrrl_data.steps import answer_rows, parallel_rows, scores, transfer_set
from sdrrl_data.steps.prompts import Asking

READ_AHEAD = 16  # parts of a step's inputs that are read together


class Reporter(Protocol):
    """Is told how a run gets on."""

    def start(self, step: str, rows: int, done: int) -> None:
        """A step begins, with so many rows, of which some were done before."""
        ...

    def advance(self, rows: float) -> None:
        """So many rows (or parts of one) of the current step just got done."""
        ...


class Silent:
    """A reporter that says nothing."""

    def start(self, step: str, rows: int, done: int) -> None:
        """Say nothing."""

    def advance(self, rows: float) -> None:
        """Say nothing."""


def generate(recipe: Recipe, out: Path, models: Models | None = None, reporter: Reporter | None = None) -> Manifest:
    """Make the transfer set of a recipe in the folder `out`, or finish the one that was begun there.

    Killed at any moment and called again, it goes on with the next row and ends with the same bytes.

    Args:
        recipe: what to do; see `sdrrl_data.recipe_files.load`.
        out: the run's folder.
        models: what finds and loads generator and translator; the recipe's own by default.
        reporter: is told how the run gets on.

    Raises:
        UserError: a model, a language or the seeds cannot be had, or `out` holds another run. Nothing was written.
    """
    plan = Plan(recipe, out, models or Models())
    if manifest := plan.finished():
        return manifest
    with plan.run.lock():
        return _carry_out(plan, reporter or Silent())


def _carry_out(plan: Plan, reporter: Reporter) -> Manifest:
    before = plan.run.manifest()
    manifest = Manifest(
        state="unfinished",
        signatures=plan.signatures,
        recipe=plan.resolved,
        versions=provenance.versions(),
        ingredients=plan.ingredients,
        growths=plan.growths,
        counts=_still_true(plan, before) if before else Counts(),
    )
    plan.run.write_manifest(manifest)
    _write_given(plan)
    try:
        for step in plan.pipeline.steps:
            _do(plan, step, reporter)
    finally:
        plan.pipeline.close()
    known = manifest.counts.targets
    mixes = {
        target.tgt.tag: known[target.tgt.tag].mix if target.tgt.tag in known else _write_transfer_set(plan, target)
        for target in plan.targets
    }
    counted = counts.count(plan.run, mixes, plan.recipe)
    files = {path: digest for tag in mixes for path, digest in plan.run.digests(f"{tag}/transfer_set").items()}
    manifest = manifest.model_copy(update={"state": "finished", "counts": counted, "files": files})
    plan.run.write_text("README.md", card.write(manifest, plan.run))
    plan.run.write_manifest(manifest)
    return manifest


def _still_true(plan: Plan, before: Manifest) -> Counts:
    """The figures of the targets whose transfer sets stay as they are."""
    done = {target.tgt.tag for target in plan.targets if plan.transfer_set_done(target)}
    return Counts(targets={tag: count for tag, count in before.counts.targets.items() if tag in done})


def _write_given(plan: Plan) -> None:
    """Keep what was read, so that the run can be understood, and gone on with, without its sources."""
    for name, parts in plan.given.items():
        table = plan.run.table(name)
        table.forget_after(len(parts))
        for part in plan.missing(name):
            table.write(part, parts[part], plan.fingerprints[name][part])


def _do(plan: Plan, step: Step, reporter: Reporter) -> None:
    """Make the parts of a step that are missing."""
    table, expected = plan.run.table(step.table), plan.fingerprints[step.table]
    table.forget_after(len(expected))
    missing = plan.missing(step.table)
    if not missing:
        return
    rows = plan.rows(step)
    reporter.start(step.table, sum(rows), sum(rows) - sum(rows[part] for part in missing))
    clock = _Clock()
    with step.open(plan.run, reporter.advance) as work:
        plan.run.note_time(step.table, clock.lap())
        tasks = (
            Task(part, tables, rows[part], table.journal(part, expected[part]))
            for part, tables in _inputs(plan.run, step, missing)
        )
        for part, made in work(tasks):
            table.write(part, made, expected[part])
            plan.run.note_time(step.table, clock.lap(), part=part, rows=rows[part])


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


def _write_transfer_set(plan: Plan, target: Target) -> list[Kind]:
    seed, settings = plan.recipe.seed, plan.recipe.transfer_set
    tables = {name: plan.run.table(table).read_all() for name, table in plan.tables(target).items()}
    tables["scores"] = scores.joined([tables[name] for name in score_tables(plan.recipe.scorers)])
    asking = Asking(tables["prompts"], seed)
    src, tgt = target.src.tag, target.tgt.tag
    candidates = pl.concat(
        [
            answer_rows.make(tables, asking, src, tgt),
            parallel_rows.make(tables["parallel"], asking, src, tgt, seed),
        ]
    )
    rows, kinds = transfer_set.mix(candidates, settings.mix, seed)
    rows = transfer_set.finish(
        transfer_set.split(rows, settings.test_share, seed),
        tables,
        provenance.described(plan.generator),
        {name: provenance.described(translator) for name, translator in target.translators.items()},
        plan.signatures[tgt],
    )
    plan.run.write_dataset(
        target.table("transfer_set"),
        {split: rows.filter(split=split) for split in ("train", "test")},
        plan.transfer_set_fingerprint(target),
        settings.shard_rows,
    )
    return kinds
