"""Which finished rows a plan would have made anew by a model, and why."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import polars as pl

from sdrrl_data.errors import VersionMismatch
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe.changes import Change, changes
from sdrrl_data.run import recipe_of
from sdrrl_data.steps.finished_rows import FinishedRows
from sdrrl_data.steps.step import Job

# The sections of a recipe and the roles of ingredients that may change the rows of a table.
SECTIONS = {
    "seeds": ("seeds", "generator", "seed", "src"),
    "answers": ("generator", "other_generators", "answers", "seed", "src"),
    "samples": ("generator", "other_generators", "answers", "seed"),
    "sample_scores": ("answers", "seed", "src"),
    "direct_answers": ("generator", "answers", "seed"),
    "text_translations": ("translator", "generator", "src"),
    "translations": ("translator", "translations", "generator", "src"),
    "scores": ("scorers", "translator", "generator", "src"),
}
ROLES = {
    "seeds": ("generator",),
    "answers": ("generator", "scorer"),
    "samples": ("generator",),
    "sample_scores": ("scorer",),
    "direct_answers": ("generator",),
    "text_translations": ("translator", "back-translator", "generator"),
    "translations": ("translator", "generator"),
    "scores": ("scorer", "translator", "back-translator", "generator"),
}

Rows = dict[str, dict[int, pl.DataFrame]]  # table -> part -> rows


class Redone(NamedTuple):
    """A table of which finished rows would be made anew."""

    table: str
    rows: int
    because: tuple[str, ...]  # what has changed, as clauses; empty if it is made from a table that is made anew

    def __str__(self) -> str:
        units = {"answers": "answers", "seeds": "questions"}
        return f"{self.rows} {units.get(self.table, f'rows of {self.table}')}"


def redone(plan: Plan) -> list[Redone]:
    """The tables of which finished rows would be made anew by a model, in the order of the steps."""
    if plan.before is None:
        return []
    at_once: Rows = {}  # what missing parts will have before any model is asked
    tables: list[Redone] = []
    for name, job in plan.tables.jobs.items():
        if job.step.reuses_rows and (missing := plan.missing(name)):
            rows = _rows_anew(plan, job, missing, at_once)
            if rows:
                tables.append(Redone(name, rows, tuple(_because(plan, name, first=not tables))))
    return tables


def sentences(tables: Sequence[Redone]) -> list[str]:
    """What would be made anew, and why; tables for the same reason are in one sentence."""
    reasons: list[tuple[str, ...]] = []
    for table in tables:
        reasons.append(table.because or reasons[-1])
    groups = groupby(zip(reasons, tables, strict=True), key=lambda pair: pair[0])
    return [
        f"{_listed([str(table) for _, table in group])} would be made anew because {_listed(because)}"
        for because, group in groups
    ]


def _rows_anew(plan: Plan, job: Job, missing: Sequence[int], at_once: Rows) -> int:
    """How many rows that are finished now would be made anew."""
    step, table = job.step, plan.run.table(job.step.table)
    finished_rows, parts = FinishedRows(plan.run, job), at_once.setdefault(step.table, {})
    if not step.inputs:
        return sum(_questions_anew(plan, job, finished_rows, part, parts) for part in missing)
    finished_ids = set(table.ids())
    anew = 0
    for part in missing:
        tables = [_rows(plan, at_once, name, part) for name in step.inputs]
        content = finished_rows.of(part, tables)
        parts[part] = content.rows if content else pl.DataFrame(schema=dict(step.schema))
        anew += len(finished_ids & set(tables[0]["id"]) - set(parts[part]["id"]))
    return anew


def _questions_anew(
    plan: Plan, job: Job, finished_rows: FinishedRows, part: int, parts: dict[int, pl.DataFrame]
) -> int:
    """How many of the questions that the model wrote for a part would be written anew."""
    table, content = plan.run.table(job.step.table), finished_rows.of(part, [])
    parts[part] = content.rows if content else pl.DataFrame(schema=dict(job.step.schema))
    written = table.rows(part) if table.has(part) else 0
    return max(0, min(written, job.step.sizes[part]) - parts[part].height)


def _rows(plan: Plan, at_once: Rows, table: str, part: int) -> pl.DataFrame:
    """The rows of a part, as far as they are known."""
    if table in plan.tables.sources:
        return plan.tables.sources[table][part].rows
    known_parts = at_once.get(table, {})
    return known_parts[part] if part in known_parts else plan.run.table(table).read(part)


def _because(plan: Plan, table: str, first: bool) -> list[str]:
    """What has changed for a table; empty if nothing has but a table before it."""
    name = table.rpartition("/")[2]
    kind = name.partition("-")[0]
    assert plan.before is not None
    tag = table.rpartition("/")[0]
    clauses = [str(change) for change in _shaping_changes(plan, tag) if _concerns(change, kind, name)]
    is_known = tag in plan.before.signatures
    before = plan.before.ingredients_of(tag) if is_known else plan.before.ingredients
    now = plan.ingredients_of[tag] if is_known else plan.ingredients
    clauses = clauses or _changed_models(before, now, kind)
    return clauses or (["what they are made from has changed"] if first else [])


def _concerns(change: Change, kind: str, name: str) -> bool:
    """Whether a change of the recipe may change the rows of a table."""
    section, _, rest = change.key.partition(".")
    if section == "scorers":
        return kind == "scores" and rest.partition(".")[0] == name.partition("-")[2]
    return section in SECTIONS[kind]


def _shaping_changes(plan: Plan, tag: str) -> list[Change]:
    """The settings that shape the rows of a target, or those that all targets share, and have changed."""
    assert plan.before is not None
    try:
        before, now = (
            recipe.for_target(tag) if tag else recipe for recipe in (recipe_of(plan.run, plan.before), plan.recipe)
        )
        return changes(before.shaping(), now.shaping())
    except VersionMismatch:
        return changes(plan.before.recipe, plan.resolved)


def _changed_models(before: Sequence[Ingredient], now: Sequence[Ingredient], kind: str) -> list[str]:
    """The models that make a table's rows and are others now."""
    clauses = []
    for role in ROLES[kind]:
        names = [[f"{part.name}@{part.revision}" for part in parts if part.role == role] for parts in (before, now)]
        gone, new = ([name for name in these if name not in others] for these, others in (names, names[::-1]))
        if gone:
            clauses.append(f"the {role} {_listed(gone)} is now {_listed(new) or 'not used'}")
    return clauses


def _listed(words: Sequence[str]) -> str:
    *others, last = words or [""]
    return f"{', '.join(others)} and {last}" if others else last
