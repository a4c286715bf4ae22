"""A recipe resolved against its models, its seeds and the run's folder: what there is to do, and what is done."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import polars as pl

from sdrrl_data import alignment, scoring
from sdrrl_data.errors import RecipeError, RunMismatch, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.pipeline import Pipeline, Target, revisions
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import (
    GeneratorConfig,
    JudgeConfig,
    LanguageConfig,
    MagpieConfig,
    Recipe,
    ScorerConfig,
    score_tables,
    scorer_name,
    translator_names,
)
from sdrrl_data.run import Manifest, Part, Run, fingerprint, growth, provenance
from sdrrl_data.sources.row_sources import licence_on_hub, name_of
from sdrrl_data.steps import parallel_rows, prompts, seed_language, seeds
from sdrrl_data.steps.model_pool import Models

TARGET_TABLES = ("parallel", "translations", "prompts", "code_switched", "verdicts")


class Plan:
    """Making one loads no model that answers, translates or scores, and writes nothing.

    Warns, as `ForeignSeeds`, where questions that are still to be answered are plainly not in the source language and
    the recipe has a language scorer.

    Raises:
        UserError: a model, a language or the seeds cannot be had, or the folder holds another run.
    """

    def __init__(self, recipe: Recipe, out: Path, models: Models) -> None:
        self.run = Run(out)
        self._before = self.run.manifest()
        self._named = recipe.tgt
        recipe = self._with_earlier_targets(recipe)
        self.resolved = recipe.model_dump(mode="json", by_alias=True)  # as the manifest holds it
        self.recipe = recipe = revisions.pinned(recipe, self._before)
        src = find(recipe.src)
        pin = recipe.generator.revision
        taken = revisions.known(self._before, "generator", recipe.generator.model, pin) if pin else None
        self.generator = taken or self._identified(recipe.generator, models)
        scorers = {scorer_name(own): _behind(own, models, self.generator) for own in recipe.scorers}
        self.targets = [_target(recipe, src, find(tag), models, self.generator, scorers) for tag in recipe.tgt]
        # The tables that are read, not made.
        self.given: dict[str, list[Part]] = {}
        self.growths = self._read_seeds()
        for target in self.targets:
            self.given[target.table("parallel")] = [self._read_parallel(target)]
        self._shared = [*self._seed_ingredients(), self.generator]
        self._refuse_another_run()
        self.signatures = {target.tgt.tag: self._signature(target) for target in self.targets}
        self.pipeline = Pipeline(recipe, models, self.generator, src, self.targets, self.growths)
        self.fingerprints = self._expected()
        self._doubt_seeds(src)

    @property
    def sizes(self) -> list[int]:
        """How many seeds each part holds, or is to hold."""
        return [size for sizes in self.growths for size in sizes]

    def tables(self, target: Target) -> dict[str, str]:
        """The tables that a target's transfer set is made from: name -> path in the run."""
        names = [*TARGET_TABLES, *score_tables(self.recipe.scorers)]
        tables = {name: name for name in ("seeds", "answers")} | {name: target.table(name) for name in names}
        return {name: table for name, table in tables.items() if table in self.fingerprints}

    def missing(self, table: str) -> list[int]:
        """The parts of a table that are not there as they should be."""
        expected = enumerate(self.fingerprints[table])
        return [part for part, print in expected if not self.run.table(table).done(part, print)]

    def transfer_set_fingerprint(self, target: Target) -> str:
        """Stands for everything that shapes a target's transfer set."""
        return fingerprint(
            [self.fingerprints[table] for table in self.tables(target).values()],
            self.recipe.transfer_set.model_dump(mode="json", by_alias=True),
            self.recipe.seed,
            self.signatures[target.tgt.tag],
        )

    def transfer_set_done(self, target: Target) -> bool:
        """Whether a target's transfer set is there as it should be."""
        return self.run.dataset_done(target.table("transfer_set"), self.transfer_set_fingerprint(target))

    def finished(self) -> Manifest | None:
        """The run's manifest where nothing is left to do."""
        manifest = self.run.manifest()
        done = (
            manifest is not None
            and manifest.state == "finished"
            and manifest.signatures == self.signatures
            and manifest.recipe == self.resolved
            and not any(self.missing(table) for table in self.fingerprints)
            and all(self.transfer_set_done(target) for target in self.targets)
        )
        return manifest if done else None

    def _refuse_another_run(self) -> None:
        """A folder goes on with its own seeds and model: with others, its answers would be lost."""
        if self._before is None:
            return
        was, now = _essentials(self._before.ingredients), _essentials(self._shared)
        was["src"], now["src"] = [self._before.recipe["src"]], [self.recipe.src]
        for what in ("src", "seeds", "generator"):
            if was[what] != now[what][: len(was[what])]:
                also = " (more seeds can be added: name the first ones too)" if what == "seeds" else ""
                raise RunMismatch(
                    f"{self.run.path} holds another run ({what} {' '.join(was[what])}, not {' '.join(now[what])}): "
                    f"choose another --out{also}"
                )

    def _read_seeds(self) -> list[list[int]]:
        """Read the seeds, unless the model is to write them; returns how the run grew, part by part."""
        known, recipe = self._before.growths if self._before else [], self.recipe
        table = self.run.table("seeds")
        if isinstance(recipe.seeds, MagpieConfig):
            if recipe.limit is None:
                raise RecipeError("seeds magpie: say how many questions to write with --limit")
            return growth.grown(known, growth.fitting(known, recipe.limit), recipe.limit, recipe.part_rows)
        if self._before and revisions.settled(self.resolved, self._before) and table.parts() == sum(map(len, known)):
            self.given["seeds"] = [table.part(part) for part in range(table.parts())]
            return known
        read = seeds.read(recipe.seeds, recipe.limit)
        kept = growth.unchanged(known, read.rows, table)
        growths = growth.grown(known, kept, read.rows.height, recipe.part_rows)
        written = [table.set_aside(part) for part in range(kept) if table.has(part)]
        self.given["seeds"] = growth.cut(read, growths, written)
        return growths

    def _doubt_seeds(self, src: Language) -> None:
        """Say that the questions are in another language, before the answers are paid for."""
        recognising = [own for own in self.recipe.scorers if isinstance(own, LanguageConfig)]
        read = self.given.get("seeds")
        if read and recognising and self.missing("answers"):
            found = seed_language.doubt(read[0].rows, recognising[0], src)
            if found:
                warnings.warn(found, seed_language.ForeignSeeds, stacklevel=3)

    def _read_parallel(self, target: Target) -> Part:
        """The pairs of the parallel corpus; those that the run has, where the same corpus is not there any more."""
        corpus, before = self.resolved["parallel"], self._before
        table = self.run.table(target.table("parallel"))
        if (
            corpus
            and before
            and before.recipe["parallel"] == corpus
            and revisions.gone(corpus["source"])
            and table.has(0)
        ):
            return table.part(0)
        return parallel_rows.read(self.recipe.parallel, target.src, target.tgt)

    def _identified(self, generator: GeneratorConfig, models: Models) -> Ingredient:
        """What answers. A finished run goes on without it, as long as no answer is wanted."""
        try:
            return models.identify_generator(generator)
        except UserError:
            before = self._before
            if before is None or before.state != "finished" or before.recipe["generator"]["model"] != generator.model:
                raise
            return next(part for part in before.ingredients if part.role == "generator")

    @property
    def ingredients(self) -> list[Ingredient]:
        """What goes into the rows of all targets."""
        return list(dict.fromkeys(part for target in self.targets for part in self._made_of(target)))

    def _made_of(self, target: Target) -> list[Ingredient]:
        """What goes into the rows of one target."""
        found = [
            *self._shared,
            *dict.fromkeys([*target.translators.values(), *target.prompters]),
            *filter(None, [target.back, target.aligner]),
            *chain(*target.scorers.values()),
        ]
        (pairs,) = self.given[target.table("parallel")]
        if self.recipe.parallel and not pairs.rows.is_empty():
            (corpus,) = _sources(pairs.rows)
            found.append(self._read_from("parallel corpus", *corpus, self.recipe.parallel.licence))
        return found

    def _signature(self, target: Target) -> str:
        """A target's signature: the one that it has, as long as its settings are the same.

        Raises:
            UserError: a target that was not named would be made anew.
        """
        tag = target.tgt.tag
        now, before = provenance.signature(self.recipe, tag, self._made_of(target)), self._before
        was = before.signatures.get(tag) if before else None
        if was and provenance.same_settings(was, now):
            return was
        if tag not in self._named:
            both = ",".join(self.recipe.tgt)
            raise RunMismatch(
                f"{self.run.path} also holds {target.tgt.name}, which these settings would make anew: "
                f"name it too (--tgt {both}), keep the settings, or choose another --out"
            )
        return now

    def _with_earlier_targets(self, recipe: Recipe) -> Recipe:
        """The recipe with the targets that the run has finished: a run keeps them when others are added."""
        if self._before is None:
            return recipe
        earlier = [tag for tag in self._before.recipe["tgt"] if self.run.dataset_files(f"{tag}/transfer_set")]
        return recipe.model_copy(update={"tgt": tuple(dict.fromkeys([*earlier, *recipe.tgt]))})

    def _seed_ingredients(self) -> list[Ingredient]:
        if isinstance(self.recipe.seeds, MagpieConfig):
            licence = self.recipe.seeds.licence or self.generator.licence
            return [Ingredient("seeds", "magpie", self.generator.revision, licence)]
        licences = {name_of(own.source): own.licence for own in reversed(self.recipe.seeds)}
        rows = pl.concat([part.rows.select("id", "source") for part in self.given["seeds"]])
        return [self._read_from("seeds", name, revision, licences[name]) for name, revision in _sources(rows)]

    def _read_from(self, role: str, name: str, revision: str, licence: str | None) -> Ingredient:
        """Seeds or a corpus; the licence of a dataset is as its card on the Hub says, unless the recipe says it."""
        if licence is None and revisions.COMMIT.fullmatch(revision):
            before = revisions.known(self._before, role, name, revision)
            licence = before.licence if before else licence_on_hub(name, revision)
        return Ingredient(role, name, revision, licence)

    def _expected(self) -> dict[str, list[str]]:
        """The fingerprint that each part of each table should have."""
        expected = {table: [fingerprint(part.rows.to_dicts()) for part in parts] for table, parts in self.given.items()}
        bounds = [self.pipeline.bound(part) for part in range(len(self.sizes))]
        for step in self.pipeline.steps:
            shaping = [step.table, step.settings]
            if not step.inputs:
                expected[step.table] = [fingerprint(*shaping, part, size) for part, size in enumerate(step.sizes)]
                continue
            # What a step learns from is the same for many parts; of a long run it is too much to go through for each.
            learned = {bound: fingerprint([expected[table][:bound] for table in step.whole]) for bound in {*bounds}}
            now = fingerprint([expected[table] for table in step.now])
            expected[step.table] = [
                fingerprint(*shaping, [expected[table][part] for table in step.inputs], learned[bound], now)
                for part, bound in enumerate(bounds)
            ]
        return expected


def _sources(rows: pl.DataFrame) -> list[tuple[str, str]]:
    """What rows were read from, in its order: the name, and the commit of the Hub or what stands for a file's rows.

    A row's source is "tasks.jsonl:12", or "org/name@commit:12" on the Hub.
    """
    found = []
    sources = rows.with_columns(source=pl.col("source").str.replace(r":\d+$", ""))
    for (source,), own in sources.group_by("source", maintain_order=True):
        name, _, commit = str(source).rpartition("@")
        on_hub = name and revisions.COMMIT.fullmatch(commit)
        found.append((name, commit) if on_hub else (str(source), fingerprint(own["id"].to_list())))
    return found


def _essentials(ingredients: Sequence[Ingredient]) -> dict[str, list[str]]:
    """The names of what may not change: role -> names."""
    return {role: [i.name for i in ingredients if i.role == role] for role in ("seeds", "generator")}


def _behind(scorer: ScorerConfig, models: Models, generator: Ingredient) -> list[Ingredient]:
    """What stands behind a scorer: for a judge, the model that judges."""
    if isinstance(scorer, JudgeConfig):
        return [replace(models.identify_generator(scorer.generator) if scorer.generator else generator, role="scorer")]
    return scoring.identify(scorer)


def _target(
    recipe: Recipe,
    src: Language,
    tgt: Language,
    models: Models,
    generator: Ingredient,
    scorers: Mapping[str, Sequence[Ingredient]],
) -> Target:
    names = translator_names(recipe.translator)
    found = [models.identify_translator(own, src, tgt, generator) for own in recipe.translator]
    first = recipe.translator[0]
    prompters = [
        models.identify_translator(first, prompts.ENGLISH, language, generator)
        for language in prompts.unwritten(recipe.prompts, src, tgt)
    ]
    back = None
    if "round_trip" in {*scorers, *([recipe.translations.best_by] if len(found) > 1 else [])}:
        back = replace(models.identify_translator(first, tgt, src, generator), role="back-translator")
    if back and back.identity() == found[0].identity():  # NLLB and the generator know both directions
        back = None
    aligner = alignment.identify(recipe.code_switching.aligner) if recipe.transfer_set.mix.code_switched else None
    return Target(src, tgt, dict(zip(names, found, strict=True)), prompters, back, aligner, scorers)
