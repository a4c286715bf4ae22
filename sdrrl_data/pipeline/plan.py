"""A recipe resolved against its models, its seeds and the run's folder: what has to be made, and what is finished."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sdrrl_data.errors import RecipeError, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.pipeline import (
    engines,
    growing,
    order,
    other_runs,
    revisions,
    scorers,
    signatures,
    source_tables,
    targets,
)
from sdrrl_data.pipeline.all_steps import Named, add_steps
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, Recipe, ScorerConfig, loading, trust
from sdrrl_data.run import Manifest, Run, growth, provenance, unused
from sdrrl_data.steps import seed_language
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.seed_columns import SourceColumns, UnusedColumns
from sdrrl_data.steps.target import Target
from sdrrl_data.suggestions import listed


@dataclass(frozen=True)
class Plan:
    """Everything that is known before a run is made or continued."""

    run: Run
    before: Manifest | None  # the run's manifest so far
    recipe: Recipe  # with pinned revisions
    resolved: Mapping[str, Any]  # the recipe as it is in the manifest
    src: Language
    answerers: order.Answerers
    targets: Sequence[Target]
    ingredients_of: Mapping[str, Sequence[Ingredient]]  # behind the rows of each target, by its tag
    signatures: Mapping[str, str]  # of each target, by its tag
    growths: growth.Growths  # for each time that the run grew, the rows of its new parts of seeds
    tables: Tables
    seed_columns: Sequence[SourceColumns]  # what the seeds were taken from, if their sources were read

    @property
    def generator(self) -> Ingredient:
        """The generator of the recipe."""
        return self.answerers.generator

    @property
    def ingredients(self) -> list[Ingredient]:
        """Those of the rows of all targets."""
        return list(dict.fromkeys(chain.from_iterable(self.ingredients_of.values())))

    @property
    def sizes(self) -> list[int]:
        """How many seeds each part has, or should have."""
        return [size for sizes in self.growths for size in sizes]

    def waiting(self) -> str | None:
        """A sentence that names the languages that the recipe has settings for, but that are no targets."""
        tags = ", ".join(tag for tag in self.recipe.targets if tag not in self.recipe.tgt)
        return f"not a target, so that its settings in targets are not used: {tags}" if tags else None

    def leaving(self) -> str | None:
        """A sentence that says how many questions of the run are not taken any more."""
        taken, before = sum(self.sizes), sum(map(sum, self.before.growths)) if self.before else 0
        if taken >= before:
            return None
        return (
            f"the run has {before:,} questions and this takes {taken:,}: the other {before - taken:,} leave the "
            "transfer set, and stay in its folder unused"
        )

    def missing(self, table: str) -> list[int]:
        """The parts of a table that still have to be made."""
        return self.tables.missing(table)

    def scorers_to_open(self) -> list[ScorerConfig]:
        """The scorers with tables of their own, if scores are missing there."""
        tables = {table for table in self.tables.jobs if self.missing(table)}
        return [
            scorer
            for scorer in self.recipe.scorers
            if any(target.table(f"scores-{scorer.called()}") in tables for target in self.targets)
        ]

    def finished(self) -> Manifest | None:
        """The run's manifest if the run is finished; otherwise None."""
        manifest = self.run.manifest()
        is_finished = (
            manifest is not None
            and manifest.state == "finished"
            and manifest.signatures == self.signatures
            and manifest.recipe == self.resolved
            and not self.tables.all_missing()
        )
        return manifest if is_finished else None


def resolve(
    recipe: Recipe, out: Path, models: Models, retry_set_aside: bool = False, questions: int | None = None
) -> Plan:
    """Find out what has to be made. Loads no model that answers, translates or scores, and writes nothing into the run.

    What the recipe asks of this machine is remembered as trusted for the folder: whoever calls this has loaded it.

    Warns, while questions have no answer, if they are clearly not in the source language (`ForeignSeeds`; only if the
    recipe has a language scorer), or if their sources have text that was not taken (`UnusedColumns`).

    Args:
        recipe: of the run.
        out: the run's folder.
        models: finds the models.
        retry_set_aside: ask again for the answers, and translations by the model itself, that were set aside, whatever
            the reason.
        questions: how many the run takes; by default as many as `growing.questions` says.

    Raises:
        UserError: a model, a language or the seeds cannot be found, or the folder holds another run.
    """
    run = Run(out)
    before = run.manifest()
    full_recipe = _with_earlier_targets(recipe, run, before)
    resolved = full_recipe.model_dump(mode="json", by_alias=True)
    trust.remember(out, trust.asks(resolved, out))
    pinned = revisions.pinned(full_recipe, before)
    _refuse_several_targets(pinned)
    src = find(pinned.src)
    answerers, unavailable = _answerers(pinned, models, before)
    generator = answerers.generator
    languages = [find(tag) for tag in pinned.tgt]
    resolved_targets = targets.resolve(pinned, src, languages, models, generator)

    growths, seeds, seed_columns = source_tables.read_seeds(
        pinned, resolved, run, before, questions or growing.questions(pinned, before)
    )
    corpora = {
        target.tgt.tag: source_tables.read_parallel(pinned, resolved, target, run, before)
        for target in resolved_targets
    }
    shared = [*source_tables.seed_ingredients(pinned, seeds, generator, before), *answerers.ingredients()]
    other_runs.refuse_another_run(run, before, pinned, shared)
    ingredients = {
        target.tgt.tag: [
            *shared,
            *target.ingredients(),
            *source_tables.corpus_ingredients(pinned, corpora[target.tgt.tag], before),
        ]
        for target in resolved_targets
    }

    source_parts = {source_tables.seed_table(pinned): seeds} if seeds else {}
    source_parts |= {target.table("parallel"): [corpora[target.tgt.tag]] for target in resolved_targets}
    tables = Tables(
        run,
        source_parts,
        accept_lacking=unavailable is not None,
        retry_set_aside=retry_set_aside,
        states=[run, *unused.states(run)] if before else [],
    )
    parts = order.Parts.of(growths)
    signature_of_target = {}

    def named(target: Target, sources: Sequence[str]) -> Named:
        tag = target.tgt.tag
        ran = {part: engines.of_rows(part, before, tables, target) for part in ingredients[tag]}
        ingredients[tag] = [ran[part] for part in ingredients[tag]]
        made_now = provenance.signature(pinned.for_target(tag), tag, ingredients[tag])
        signature_of_target[tag] = signatures.signature_of(made_now, before, tag, tables, sources)
        if tag not in recipe.tgt:
            other_runs.refuse_to_redo(run, before, target, signature_of_target[tag], full_recipe.tgt)
        return Named(ran, signature_of_target[tag])

    add_steps(tables, pinned, answerers, src, resolved_targets, parts, named)

    plan = Plan(
        run=run,
        before=before,
        recipe=pinned,
        resolved=resolved,
        src=src,
        answerers=answerers,
        targets=resolved_targets,
        ingredients_of=ingredients,
        signatures=signature_of_target,
        growths=growths,
        tables=tables,
        seed_columns=seed_columns,
    )
    _warn_of_foreign_seeds(plan)
    _warn_of_unused_columns(plan)
    if unavailable and tables.lacking():
        logging.getLogger(__name__).warning("%s; the rows that it failed at stay set aside", unavailable)
    return plan


def _with_earlier_targets(recipe: Recipe, run: Run, before: Manifest | None) -> Recipe:
    """The recipe with the run's finished targets, as they are: a run keeps them when other targets are added.

    Raises:
        UserError: the settings of one of them do not fit the recipe, or ask for more than was allowed.
    """
    if before is None:
        return recipe
    earlier = [tag for tag in before.recipe["tgt"] if run.dataset(f"{tag}/transfer_set").exists()]
    written = before.recipe.get("targets", {})
    settings = {tag: written[tag] for tag in earlier if tag in written and tag not in (*recipe.tgt, *recipe.targets)}
    recipe = recipe.model_copy(update={"tgt": tuple(dict.fromkeys([*earlier, *recipe.tgt]))})
    if not settings:
        return recipe
    where = f"the run {run.path}"
    trust.check({"targets": settings}, run.path, where)
    content = recipe.model_dump(mode="json", by_alias=True)
    return loading.finished(content | {"targets": content["targets"] | settings}, where=where)


def _answerers(recipe: Recipe, models: Models, before: Manifest | None) -> tuple[order.Answerers, UserError | None]:
    """The models behind the answers; and why the generator is missing, if a finished run continues without it.

    Raises:
        UserError: a model cannot be found.
    """
    generator, unavailable = _generator(recipe.generator, models, before)
    first, *others = recipe.answering
    generators = {first: generator} | {name: models.identify_generator(recipe.answering[name]) for name in others}
    return order.Answerers(generators, scorers.of_samples(recipe, models.identified(generator))), unavailable


def _generator(config: GeneratorConfig, models: Models, before: Manifest | None) -> tuple[Ingredient, UserError | None]:
    """The generator; and why the model is missing, if a finished run continues without it.

    Raises:
        UserError: the model cannot be found.
    """
    if config.revision:
        known = revisions.known(before, "generator", config.model, config.revision)
        if known:
            return known, None
    try:
        return models.identify_generator(config), None
    except UserError as error:
        if before is None or before.state != "finished" or before.recipe["generator"]["model"] != config.model:
            raise
        return next(ingredient for ingredient in before.ingredients if ingredient.role == "generator"), error


def _refuse_several_targets(recipe: Recipe) -> None:
    """Refuse native texts with more than one target: a text is in one language.

    Raises:
        RecipeError: there are several.
    """
    if recipe.native and len(recipe.tgt) > 1:
        raise RecipeError(
            f"seeds native: the texts are in one language, so a run has one target and not {listed(recipe.tgt)}: "
            f"make a run for each, such as --tgt {recipe.tgt[0]}"
        )


def _warn_of_foreign_seeds(plan: Plan) -> None:
    """Warn if the questions, or native texts, are in another language, before time is spent on the answers."""
    language_scorers = [scorer for scorer in plan.recipe.scorers if scorer.tells_language]
    seeds = plan.tables.sources.get(source_tables.seed_table(plan.recipe))
    if seeds and language_scorers and plan.missing("answers"):
        language = plan.targets[0].tgt if plan.recipe.native else plan.src
        doubt = seed_language.doubt(seeds[0].rows, language_scorers[0], language)
        if doubt:
            warnings.warn(doubt, seed_language.ForeignSeeds, stacklevel=3)


def _warn_of_unused_columns(plan: Plan) -> None:
    """Warn if text of the sources was not taken, before time is spent on the answers."""
    if plan.missing("answers"):
        for doubt in filter(None, (columns.doubt() for columns in plan.seed_columns)):
            warnings.warn(doubt, UnusedColumns, stacklevel=3)
