"""The engines behind a run's rows: those that made its finished rows, and those that make the missing ones."""

from collections.abc import Sequence
from dataclasses import replace

from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest


def of_rows(part: Ingredient, before: Manifest | None, tables: Tables, names: Sequence[str]) -> Ingredient:
    """An ingredient with the engines that ran it for the rows of a run, the earlier ones first.

    Args:
        part: with the engine that runs it now.
        before: the run's manifest so far.
        tables: of the run.
        names: the tables that the ingredient makes.
    """
    earlier = next((other for other in before.ingredients if _is_same(other, part)), None) if before else None
    if earlier is None or not earlier.engine or not part.engine or part.engine in earlier.engine.split(", "):
        return replace(part, engine=earlier.engine) if earlier and earlier.engine else part
    missing = {name: tables.missing(name) for name in names if name in tables.jobs}
    if not any(missing.values()):
        return replace(part, engine=earlier.engine)
    stay = any(len(missing[name]) < tables.jobs[name].step.parts() or tables.jobs[name].earlier for name in missing)
    return replace(part, engine=f"{earlier.engine}, {part.engine}") if stay else part


def _is_same(first: Ingredient, second: Ingredient) -> bool:
    return (first.role, first.identity()) == (second.role, second.identity())
