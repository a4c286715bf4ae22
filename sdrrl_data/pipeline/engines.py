"""The engines behind a run's rows: those that made its finished rows, and those that make the missing ones."""

from dataclasses import replace

from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest
from sdrrl_data.steps import samples
from sdrrl_data.steps.native_texts import TEXT_TRANSLATIONS
from sdrrl_data.steps.target import Target


def of_rows(part: Ingredient, before: Manifest | None, tables: Tables, target: Target) -> Ingredient:
    """An ingredient with the engines that ran it for the rows of a run, the earlier ones first.

    Args:
        part: with the engine that runs it now.
        before: the run's manifest so far.
        tables: of the run.
        target: whose rows they are.
    """
    earlier = next((other for other in before.ingredients if _is_same(other, part)), None) if before else None
    if earlier is None or not earlier.engine or not part.engine or part.engine in earlier.engine.split(", "):
        return replace(part, engine=earlier.engine) if earlier and earlier.engine else part
    missing = {name: tables.missing(name) for name in _made_by(part, target, tables)}
    if not any(missing.values()):
        return replace(part, engine=earlier.engine)
    stay = any(len(missing[name]) < tables.jobs[name].step.parts() or tables.jobs[name].earlier for name in missing)
    return replace(part, engine=f"{earlier.engine}, {part.engine}") if stay else part


def _is_same(first: Ingredient, second: Ingredient) -> bool:
    return (first.role, first.identity()) == (second.role, second.identity())


def _made_by(part: Ingredient, target: Target, tables: Tables) -> list[str]:
    """The tables of a target that a model makes, by its role."""
    if part.role == "generator":
        asked = ("seeds", "answers", samples.OF_SAMPLES)
        return [table for table in tables.jobs if table.partition("-")[0] in asked]
    kind = "translations" if part.role == "translator" else "scores-"
    of_samples = [samples.OF_SCORES] if part.role == "scorer" and samples.OF_SCORES in tables.jobs else []
    beginnings = (target.table(kind), *([TEXT_TRANSLATIONS] if "translator" in part.role else []))
    return [*of_samples, *(table for table in tables.jobs if table.startswith(beginnings))]
