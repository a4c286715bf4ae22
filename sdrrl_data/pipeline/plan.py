"""A recipe resolved against its models, its seeds and the run's folder: what has to be made, and what is finished."""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import RecipeError, RunMismatch, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.pipeline import engines, growing, order, revisions, scorers, source_tables, targets
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import (
    GeneratorConfig,
    MagpieConfig,
    Recipe,
    ScorerConfig,
    loading,
    score_tables,
    sources_of,
    trust,
)
from sdrrl_data.run import Manifest, Run, growth, provenance, unused
from sdrrl_data.sources.row_sources import name_of
from sdrrl_data.steps import samples, seed_language
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.native_texts import TEXT_TRANSLATIONS
from sdrrl_data.steps.seeds import SourceColumns, UnusedColumns
from sdrrl_data.steps.target import Target
from sdrrl_data.suggestions import listed

OPTIONS = {"src": "--src", "seeds": "--seeds", "generator": "--model"}  # that name what a run may not change
# The tables that a transfer set is made from, in the order of its fingerprint.
TABLES = ("parallel", "translations", "prompts", "code_switched", "verdicts")


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
    _refuse_another_run(run, before, pinned, shared)
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
    signatures = {}

    def named(target: Target, sources: Sequence[str]) -> Named:
        tag = target.tgt.tag
        ran = {part: engines.of_rows(part, before, tables, _made_by(part, target, tables)) for part in ingredients[tag]}
        ingredients[tag] = [ran[part] for part in ingredients[tag]]
        signatures[tag] = _signature(
            provenance.signature(pinned.for_target(tag), tag, ingredients[tag]),
            before,
            tag,
            *_progress(tables, sources),
        )
        if tag not in recipe.tgt:
            _refuse_to_redo(run, before, target, signatures[tag], full_recipe.tgt)
        return Named(ran, signatures[tag])

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
        signatures=signatures,
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


def _refuse_another_run(run: Run, before: Manifest | None, recipe: Recipe, shared: Sequence[Ingredient]) -> None:
    """Refuse other seeds or another model in the folder of a run; the run's seeds may come in another order.

    Raises:
        UserError: the folder holds another run.
    """
    if before is None:
        return
    earlier_names = {"src": [before.recipe["src"]], **_names(before.ingredients)}
    names = {"src": [recipe.src], **_names(shared)}
    if not isinstance(recipe.seeds, MagpieConfig):
        # A source may have no row, because of the limit.
        names["seeds"] = list(dict.fromkeys(name_of(source.source) for source in sources_of(recipe.seeds)))
    for role in OPTIONS:
        if not set(earlier_names[role]) <= set(names[role]):
            also = " (more seeds can be added: name the first seeds too)" if role == "seeds" else ""
            raise RunMismatch(
                f"{run.path} holds another run ({role} {' '.join(earlier_names[role])}, not {' '.join(names[role])}, "
                f"as the recipe {recipe.name} or an option says): to go on with it, leave out --recipe and "
                f"{OPTIONS[role]}; or choose another --out{also}"
            )


def _names(ingredients: Sequence[Ingredient]) -> dict[str, list[str]]:
    """The names of the seeds and the generator, which may not change: role -> names."""
    return {
        role: [ingredient.name for ingredient in ingredients if ingredient.role == role]
        for role in ("seeds", "generator")
    }


def _sources(tables: Tables, target: Target, recipe: Recipe) -> list[str]:
    """The tables that a target's transfer set is made from."""
    names = [target.table(name) for name in (*TABLES, *score_tables(recipe.scorers))]
    return [table for table in ("seeds", "answers", *names) if table in tables.fingerprints]


def _progress(tables: Tables, sources: Sequence[str]) -> tuple[bool, bool]:
    """Whether some rows of these tables were made before and stay, and whether some parts are missing."""
    steps = [table for table in sources if table in tables.jobs]
    missing = sum(len(tables.missing(table)) for table in steps)
    used_again = any(tables.jobs[table].earlier for table in steps)
    return used_again or sum(len(tables.fingerprints[table]) for table in steps) > missing, missing > 0


def _made_by(part: Ingredient, target: Target, tables: Tables) -> list[str]:
    """The tables of a target that a model makes, by its role."""
    if part.role == "generator":
        asked = ("seeds", "answers", samples.OF_SAMPLES)
        return [table for table in tables.jobs if table.partition("-")[0] in asked]
    kind = "translations" if part.role == "translator" else "scores-"
    of_samples = [samples.OF_SCORES] if part.role == "scorer" and samples.OF_SCORES in tables.jobs else []
    beginnings = (target.table(kind), *([TEXT_TRANSLATIONS] if "translator" in part.role else []))
    return [*of_samples, *(table for table in tables.jobs if table.startswith(beginnings))]


def _signature(signature: str, before: Manifest | None, tag: str, has_parts: bool, has_missing: bool) -> str:
    """A target's signature, which names all versions of sdrrl-data that made its rows.

    Args:
        signature: the signature if this version makes all rows.
        before: the run's manifest so far.
        tag: of the target.
        has_parts: whether there are parts that were made before, and stay.
        has_missing: whether parts have to be made.
    """
    if before is None or not has_parts:
        return signature
    earlier_signature = before.signatures.get(tag)
    if earlier_signature and provenance.same_settings(earlier_signature, signature):
        signatures = [earlier_signature, signature] if has_missing else [earlier_signature]
        return provenance.with_versions(signature if has_missing else earlier_signature, signatures)
    return provenance.with_versions(signature, [*before.signatures.values(), signature])


def _refuse_to_redo(run: Run, before: Manifest | None, target: Target, signature: str, tags: Sequence[str]) -> None:
    """Refuse to make a target again that the user did not name.

    Raises:
        UserError: the settings of the target have changed.
    """
    earlier_signature = before.signatures.get(target.tgt.tag) if before else None
    if earlier_signature is None or not provenance.same_settings(earlier_signature, signature):
        raise RunMismatch(
            f"{run.path} also holds {target.tgt.name}, which would have to be made again with these settings: "
            f"name it too (--tgt {','.join(tags)}), keep the settings, or choose another --out"
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
