"""A recipe resolved against its models, its seeds and the run's folder: what there is to do, and what is done."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sdrrl_data.errors import RunMismatch, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.pipeline import given, order, revisions, targets
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, Recipe, score_tables
from sdrrl_data.run import Manifest, Run, growth, provenance
from sdrrl_data.steps import seed_language
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.target import Target

# What a transfer set is made from, in the order in which its fingerprint has them.
TABLES = ("parallel", "translations", "prompts", "code_switched", "verdicts")


@dataclass(frozen=True)
class Plan:
    """What there is to do."""

    run: Run
    before: Manifest | None  # of the run as it was
    recipe: Recipe  # with pinned revisions
    resolved: Mapping[str, Any]  # the recipe as the manifest holds it
    src: Language
    generator: Ingredient
    targets: Sequence[Target]
    ingredients: Sequence[Ingredient]  # of the rows of all targets
    signatures: Mapping[str, str]  # of each target, by its tag
    growths: growth.Growths  # each time the run grew, the rows of its new parts of seeds
    tables: Tables

    @property
    def sizes(self) -> list[int]:
        """How many seeds each part holds, or should hold."""
        return [size for sizes in self.growths for size in sizes]

    def missing(self, table: str) -> list[int]:
        """The parts of a table that are to be made."""
        return self.tables.missing(table)

    def finished(self) -> Manifest | None:
        """The run's manifest where nothing is left to do."""
        manifest = self.run.manifest()
        done = (
            manifest is not None
            and manifest.state == "finished"
            and manifest.signatures == self.signatures
            and manifest.recipe == self.resolved
            and not self.tables.all_missing()
        )
        return manifest if done else None


def resolve(recipe: Recipe, out: Path, models: Models, retry_set_aside: bool = False) -> Plan:
    """Find out what there is to do. Loads no model that answers, translates or scores, and writes nothing.

    Warns, as `ForeignSeeds`, where questions that are still to be answered are plainly not in the source language and
    the recipe has a language scorer.

    Args:
        recipe: what to do.
        out: the run's folder.
        models: what finds the models.
        retry_set_aside: ask again for the answers that were set aside, whatever the reason.

    Raises:
        UserError: a model, a language or the seeds cannot be found, or the folder holds another run.
    """
    run = Run(out)
    before = run.manifest()
    whole = _with_earlier_targets(recipe, run, before)
    resolved = whole.model_dump(mode="json", by_alias=True)
    pinned = revisions.pinned(whole, before)
    src = find(pinned.src)
    generator, unavailable = _generator(pinned.generator, models, before)
    languages = [find(tag) for tag in pinned.tgt]
    resolved_targets = targets.resolve(pinned, src, languages, models, generator)

    growths, seeds = given.read_seeds(pinned, resolved, run, before)
    corpora = {
        target.tgt.tag: given.read_parallel(pinned, resolved, target, run, before) for target in resolved_targets
    }
    shared = [*given.seed_ingredients(pinned, seeds, generator, before), generator]
    _refuse_another_run(run, before, pinned.src, shared)
    ingredients = {
        target.tgt.tag: [
            *shared,
            *target.ingredients(),
            *given.corpus_ingredients(pinned, corpora[target.tgt.tag], before),
        ]
        for target in resolved_targets
    }

    read = {"seeds": seeds} if seeds else {}
    read |= {target.table("parallel"): [corpora[target.tgt.tag]] for target in resolved_targets}
    tables = Tables(run, read, accept_lacking=unavailable is not None)
    parts = order.Parts.of(growths)
    tables.add(order.shared_steps(pinned, generator, src, parts))
    if retry_set_aside:
        tables.ask_again("answers")
    signatures = {}
    for target in resolved_targets:
        tag = target.tgt.tag
        tables.add(order.target_steps(pinned, target, parts))
        sources = _sources(tables, target, pinned)
        signatures[tag] = _signature(
            provenance.signature(pinned, tag, ingredients[tag]), before, tag, *_progress(tables, sources)
        )
        if tag not in recipe.tgt:
            _refuse_to_redo(run, before, target, signatures[tag], whole.tgt)
        tables.add(order.last_steps(pinned, target, parts, sources, generator, signatures[tag]))
    tables.add([order.shared_counts_step(pinned, parts)])

    plan = Plan(
        run=run,
        before=before,
        recipe=pinned,
        resolved=resolved,
        src=src,
        generator=generator,
        targets=resolved_targets,
        ingredients=list(dict.fromkeys(chain.from_iterable(ingredients.values()))),
        signatures=signatures,
        growths=growths,
        tables=tables,
    )
    _doubt_seeds(plan)
    if unavailable and tables.lacking():
        logging.getLogger(__name__).warning("%s; the rows that it failed at stay set aside", unavailable)
    return plan


def _with_earlier_targets(recipe: Recipe, run: Run, before: Manifest | None) -> Recipe:
    """The recipe with the targets that the run has finished: a run keeps them when others are added."""
    if before is None:
        return recipe
    earlier = [tag for tag in before.recipe["tgt"] if run.dataset(f"{tag}/transfer_set").files()]
    return recipe.model_copy(update={"tgt": tuple(dict.fromkeys([*earlier, *recipe.tgt]))})


def _generator(config: GeneratorConfig, models: Models, before: Manifest | None) -> tuple[Ingredient, UserError | None]:
    """What answers; and why it is not available, where a finished run goes on without it.

    Raises:
        UserError: it cannot be found.
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


def _refuse_another_run(run: Run, before: Manifest | None, src: str, shared: Sequence[Ingredient]) -> None:
    """A folder goes on with its own seeds and model: with others, its answers would be lost.

    Raises:
        UserError: it holds another run.
    """
    if before is None:
        return
    was = {"src": [before.recipe["src"]], **_names(before.ingredients)}
    now = {"src": [src], **_names(shared)}
    for what in ("src", "seeds", "generator"):
        if was[what] != now[what][: len(was[what])]:
            also = " (more seeds can be added: name the first ones too)" if what == "seeds" else ""
            raise RunMismatch(
                f"{run.path} holds another run ({what} {' '.join(was[what])}, not {' '.join(now[what])}): "
                f"choose another --out{also}"
            )


def _names(ingredients: Sequence[Ingredient]) -> dict[str, list[str]]:
    """The names of what may not change: role -> names."""
    return {role: [i.name for i in ingredients if i.role == role] for role in ("seeds", "generator")}


def _sources(tables: Tables, target: Target, recipe: Recipe) -> list[str]:
    """The tables that a target's transfer set is made from."""
    names = [target.table(name) for name in (*TABLES, *score_tables(recipe.scorers))]
    return [table for table in ("seeds", "answers", *names) if table in tables.fingerprints]


def _progress(tables: Tables, sources: Sequence[str]) -> tuple[bool, bool]:
    """Whether some of the parts of these tables that steps make are there, and whether some are missing."""
    steps = [table for table in sources if table in tables.jobs]
    missing = sum(len(tables.missing(table)) for table in steps)
    return sum(len(tables.fingerprints[table]) for table in steps) > missing, missing > 0


def _signature(now: str, before: Manifest | None, tag: str, some_there: bool, some_missing: bool) -> str:
    """A target's signature, which names every version of sdrrl-data that made rows of it.

    Args:
        now: as this version alone would write it.
        before: the manifest of the run as it was.
        tag: of the target.
        some_there: whether parts that were made before are kept.
        some_missing: whether parts are to be made.
    """
    if before is None or not some_there:
        return now
    was = before.signatures.get(tag)
    if was and provenance.same_settings(was, now):
        return provenance.with_versions(was, [was, *([now] if some_missing else [])])
    return provenance.with_versions(now, [*before.signatures.values(), now])


def _refuse_to_redo(run: Run, before: Manifest | None, target: Target, signature: str, tags: Sequence[str]) -> None:
    """A target that was not named is not made anew.

    Raises:
        UserError: the settings would do so.
    """
    was = before.signatures.get(target.tgt.tag) if before else None
    if was is None or not provenance.same_settings(was, signature):
        raise RunMismatch(
            f"{run.path} also holds {target.tgt.name}, which these settings would make anew: "
            f"name it too (--tgt {','.join(tags)}), keep the settings, or choose another --out"
        )


def _doubt_seeds(plan: Plan) -> None:
    """Say that the questions are in another language, before the answers are paid for."""
    language_scorers = [scorer for scorer in plan.recipe.scorers if scorer.tells_language]
    seeds = plan.tables.given.get("seeds")
    if seeds and language_scorers and plan.missing("answers"):
        doubt = seed_language.doubt(seeds[0].rows, language_scorers[0], plan.src)
        if doubt:
            warnings.warn(doubt, seed_language.ForeignSeeds, stacklevel=3)
