"""A recipe resolved against its models, its seeds and the run's folder: what there is to do, and what is done."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sdrrl_data import provenance, scoring
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.pipeline import Models, Pipeline, Target
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import Manifest, Part, Run, fingerprint
from sdrrl_data.steps import parallel_rows, prompts, seeds

TARGET_TABLES = ("parallel", "translations", "prompts", "code_switched", "scores", "verdicts")


class Plan:
    """Making one loads no model and writes nothing.

    Raises:
        UserError: a model, a language or the seeds cannot be had, or the folder holds another run.
    """

    def __init__(self, recipe: Recipe, out: Path, models: Models) -> None:
        self.recipe = recipe
        self.resolved = recipe.model_dump(mode="json", by_alias=True)  # as the manifest holds it
        self.run = Run(out)
        src = find(recipe.src)
        generator = models.identify_generator(recipe.generator)
        self.targets = [_target(recipe, src, find(tag), models) for tag in recipe.tgt]
        # The tables that are read, not made.
        self.given = {"seeds": _cut(seeds.read(recipe.seeds, recipe.limit), recipe.part_rows)}
        for target in self.targets:
            self.given[target.table("parallel")] = [parallel_rows.read(recipe.parallel, src, target.tgt)]
        self.ingredients = self._ingredients(generator)
        self._refuse_another_run()
        self.generator = generator
        self.signature = provenance.signature(recipe, self.ingredients)
        self.steps = Pipeline(recipe, models, generator, self.targets).steps
        self.fingerprints = self._expected()

    def missing(self, table: str) -> list[int]:
        """The parts of a table that are not there as they should be."""
        expected = enumerate(self.fingerprints[table])
        return [part for part, print in expected if not self.run.table(table).done(part, print)]

    def transfer_set_fingerprint(self, target: Target) -> str:
        """Stands for everything that shapes a target's transfer set."""
        tables = ("seeds", "answers", *(target.table(name) for name in TARGET_TABLES))
        return fingerprint(
            [self.fingerprints[table] for table in tables],
            self.recipe.transfer_set.model_dump(mode="json", by_alias=True),
            self.recipe.seed,
            self.signature,
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
            and manifest.signature == self.signature
            and manifest.recipe == self.resolved
            and not any(self.missing(table) for table in self.fingerprints)
            and all(self.transfer_set_done(target) for target in self.targets)
        )
        return manifest if done else None

    def _refuse_another_run(self) -> None:
        """A folder goes on with its own seeds and model: with others, its answers would be lost."""
        manifest = self.run.manifest()
        if manifest is None:
            return
        was = {i.role: i.name for i in manifest.ingredients} | {"src": manifest.recipe["src"]}
        now = {i.role: i.name for i in self.ingredients} | {"src": self.recipe.src}
        for what in ("src", "seeds", "generator"):
            if was[what] != now[what]:
                raise UserError(
                    f"{self.run.path} holds another run ({what} {was[what]}, not {now[what]}): choose another --out"
                )

    def _ingredients(self, generator: Ingredient) -> list[Ingredient]:
        # A row's source is "tasks.jsonl:12", or "org/name@commit:12" on the Hub.
        name, _, commit = self.given["seeds"][0].rows["source"][0].rpartition(":")[0].partition("@")
        revision = commit or _digest(self.given["seeds"])
        found = [
            Ingredient("seeds", name, revision, self.recipe.seeds.licence),
            generator,
            *(model for target in self.targets for model in (target.translator, target.back) if model),
            *(scorer for name in self.recipe.scorers for scorer in scoring.identify(name)),
        ]
        pairs = [self.given[target.table("parallel")][0] for target in self.targets]
        if self.recipe.parallel and any(not part.rows.is_empty() for part in pairs):
            name, licence = Path(self.recipe.parallel.source).name, self.recipe.parallel.licence
            found.append(Ingredient("parallel corpus", name, _digest(pairs), licence))
        return found

    def _expected(self) -> dict[str, list[str]]:
        """The fingerprint that each part of each table should have."""
        expected = {
            table: [fingerprint(part.rows.to_dicts(), part.set_aside["reason"].to_list()) for part in parts]
            for table, parts in self.given.items()
        }
        for step in self.steps:
            parts = len(expected["seeds"]) if step.inputs else 1
            whole = [expected[table] for table in step.whole]
            expected[step.table] = [
                fingerprint(step.table, step.settings, [expected[table][part] for table in step.inputs], whole)
                for part in range(parts)
            ]
        return expected


def _target(recipe: Recipe, src: Language, tgt: Language, models: Models) -> Target:
    prompts.check(recipe.prompts, src, tgt)
    translator = models.identify_translator(recipe.translator, src, tgt)
    if "round_trip" not in recipe.scorers:
        return Target(src, tgt, translator, None)
    back = models.identify_translator(recipe.translator, tgt, src)
    same = back.identity() == translator.identity()  # NLLB knows both directions
    return Target(src, tgt, translator, None if same else replace(back, role="back-translator"))


def _digest(parts: Sequence[Part]) -> str:
    return fingerprint([part.rows["id"].to_list() for part in parts])


def _cut(read: Part, part_rows: int) -> list[Part]:
    """Seeds in parts. What was set aside goes with the last one, so that a longer file changes no earlier part."""
    slices = list(read.rows.iter_slices(part_rows))
    nothing = read.set_aside.clear()
    return [Part(rows, nothing) for rows in slices[:-1]] + [Part(slices[-1], read.set_aside)]
