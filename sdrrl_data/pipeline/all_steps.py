"""All steps of a recipe, in their order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sdrrl_data.languages import Language
from sdrrl_data.pipeline import order
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Recipe, score_tables
from sdrrl_data.steps.target import Target

# The tables that a transfer set is made from, in the order of its fingerprint.
TABLES = ("parallel", "translations", "prompts", "code_switched", "verdicts")


class Named(NamedTuple):
    """What the rows of a target say about themselves."""

    ingredients: Mapping[Ingredient, Ingredient]  # from each as it is found now to what made the rows
    signature: str


def add_steps(
    tables: Tables,
    recipe: Recipe,
    answerers: order.Answerers,
    src: Language,
    resolved_targets: Sequence[Target],
    parts: order.Parts,
    named: Callable[[Target, Sequence[str]], Named],
) -> None:
    """Add all steps of a recipe to the tables.

    Args:
        tables: has the tables that are read from sources.
        recipe: with pinned revisions.
        answerers: the models behind the answers.
        src: the source language.
        resolved_targets: those of the recipe.
        parts: of the run.
        named: is called with each target and the tables of its transfer set, once they are added.
    """
    if recipe.native:
        (target,) = resolved_targets
        target_recipe = recipe.for_target(target.tgt.tag)
        tables.add(order.native_steps(target_recipe, answerers.generator, target, parts))
    else:
        tables.add(order.shared_steps(recipe, answerers, src, parts))
    for target in resolved_targets:
        target_recipe = recipe.for_target(target.tgt.tag)
        tables.add(order.target_steps(target_recipe, target, parts))
        tables.add(order.direct_steps(target_recipe, answerers.generator, target, parts))
        sources = _sources(tables, target, target_recipe)
        made_by, signature = named(target, sources)
        translators = {name: made_by.get(part, part) for name, part in target.translators.items()}
        generators = {name: made_by[part] for name, part in answerers.generators.items()}
        tables.add(
            order.last_steps(
                target_recipe, replace(target, translators=translators), parts, sources, generators, signature
            )
        )
    tables.add([order.shared_counts_step(recipe, parts)])


def _sources(tables: Tables, target: Target, recipe: Recipe) -> list[str]:
    """The tables that a target's transfer set is made from."""
    names = [target.table(name) for name in (*TABLES, *score_tables(recipe.scorers))]
    return [table for table in ("seeds", "answers", *names) if table in tables.fingerprints]
