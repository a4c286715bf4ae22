"""Makes the controls of a finished run, from its tables."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from sdrrl_data import languages
from sdrrl_data.controls import arms as controls
from sdrrl_data.controls import equal_tokens, token_counts
from sdrrl_data.controls.arms import ABLATIONS, ADDITIONS, ARMS, FROM_TRANSLATED, REFERENCES, TRANSLATED, Controls
from sdrrl_data.controls.equal_tokens import Equal, EqualDatasets, cut, taken
from sdrrl_data.controls.rows import Rows
from sdrrl_data.errors import RecipeError, RunMismatch, UserError
from sdrrl_data.languages import Language
from sdrrl_data.pipeline import order, revisions
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient, Reporter, Silent, Translator
from sdrrl_data.recipe import Recipe, score_tables, translator_names
from sdrrl_data.run import (
    NOTHING_SET_ASIDE,
    Manifest,
    Part,
    Run,
    fingerprint,
    provenance,
    recipe_of,
    refuse_unfinished,
    select_targets,
    unused,
)
from sdrrl_data.run.dataset import SPLITS
from sdrrl_data.run.disk import remove
from sdrrl_data.run.stored import StoredRows
from sdrrl_data.runners.local import LocalRunner
from sdrrl_data.steps import prompts
from sdrrl_data.steps.model_pool import ModelPool, Models
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.target import Target
from sdrrl_data.suggestions import instead, listed

FEW = 0.5  # of a control's rows


def make(
    run: Run,
    manifest: Manifest,
    targets: Sequence[str] = (),
    arms: Sequence[str] = (),
    equal: Equal = "total",
    tokenizer: str | None = None,
    models: Models | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Controls]:
    """Write `TAG/controls-NAME` and `TAG/controls.json` for these targets; the rest of the run does not change.

    All controls of a target are made from the same seeds, have them on the same side of train and test as the transfer
    set, and are cut to the same number of completion tokens; see `controls.arms` and `controls.equal_tokens`.
    References are translated once, into `TAG/references`. Controls that are up to date stay. Controls that are not
    named again are removed: they had another budget.

    Args:
        run: a finished run.
        manifest: of the run.
        targets: of the run, by any of their names; by default all.
        arms: names of the controls (`controls.arms.ARMS`); by default all that can be made: without those of which
            nothing is left or removed, and, if no seed has a reference, without those that are made from references.
        equal: whether all tokens of the completions are made equal, or only those in the target language.
        tokenizer: the model whose tokenizer counts: a directory, or a name on the Hub. By default the generator's.
        models: finds and loads the translator; by default that of the recipe.
        reporter: is told the progress of the translation of references, and which controls are left out, and why.

    Returns:
        The figures, by the tags of the targets.

    Raises:
        UserError: the run is not finished, there is no such target or control, a control that was named cannot be made,
            none can, or the tokenizer or the translator is not available.
    """
    refuse_unfinished(run, manifest)
    tags = select_targets(run, manifest, targets)
    for name in arms:
        if name not in ARMS:
            raise UserError(f"there is no control {name}: {instead(name, ARMS)}")
    with run.lock():
        builder = _Builder(run, manifest, arms, equal, tokenizer, models or Models(), reporter or Silent())
        return {tag: builder.controls_of(tag) for tag in tags}


class _Builder:
    """Holds everything that is the same for all targets; the arguments are those of `make`."""

    def __init__(
        self,
        run: Run,
        manifest: Manifest,
        named: Sequence[str],
        equal: Equal,
        tokenizer: str | None,
        models: Models,
        reporter: Reporter,
    ) -> None:
        self._run = run
        self._manifest = manifest
        self._named = named
        self._names = [name for name in ARMS if not named or name in named]
        self._equal = equal
        self._models = models
        self._reporter = reporter
        self._recipe = revisions.pinned(recipe_of(run, manifest, to_open=True), manifest)
        self._src = languages.find(self._recipe.src)
        self._generators = [part for part in manifest.ingredients if part.role == "generator"]
        self._names = self._possible(self._names)
        self._tokenizer = token_counts.tokenizer(self._recipe.generator, tokenizer)

    def controls_of(self, tag: str) -> Controls:
        """The controls of one target; they are made if they do not exist or are out of date."""
        names = self._names_for(tag)
        target = self._target(tag) if TRANSLATED & {*names} else None
        references = self._translate(target) if target else []
        transfer_set_files = controls.files(self._manifest, tag)
        tokenizer = f"{self._tokenizer.name}@{self._tokenizer.revision}"
        controls_fingerprint = fingerprint(transfer_set_files, references, names, self._equal, tokenizer)
        existing = controls.read(self._run, self._manifest, tag)
        if existing and existing.fingerprint == controls_fingerprint and self._has_files(tag, existing):
            return existing
        rows, seeds = self._rows(tag, target, names)
        numbers = self._numbers(tag, rows, names)
        arms = {name: partial(_read, stored) for name, stored in numbers.items()}
        datasets = cut(arms, self._equal)
        if empty := [name for name, figures in datasets.figures.items() if not figures.rows["train"]]:
            why = f"{tag} has too few rows for {listed(empty)}, which would have no row to train on"
            if len(empty) == len(arms):
                raise UserError(f"{self._run.path}: {why}: take more seeds")
            self._leave_out(empty, why, "leave them out of --only")
            arms = {name: rows for name, rows in arms.items() if name not in empty}
            datasets = cut(arms, self._equal)
        if loss := _loss(datasets):
            other: Equal = "target" if self._equal == "total" else "total"
            offer = _offer(datasets, cut(arms, other), other)
            logging.getLogger(__name__).warning("%s: %s%s", tag, loss, offer)
        new = Controls(
            signature=self._manifest.signatures[tag],
            tokenizer=tokenizer,
            seed=self._recipe.seed,
            equal=self._equal,
            budget=datasets.budget,
            seeds=len(seeds),
            arms=datasets.figures,
            transfer_set=transfer_set_files,
            fingerprint=controls_fingerprint,
        )
        self._write(tag, rows, arms, new)
        return new

    def _possible(self, names: list[str]) -> list[str]:
        """These controls without those that are made from references, if the seeds have none.

        Raises:
            UserError: the user named one that cannot be made.
        """
        from_references = [name for name in names if name in REFERENCES]
        if not from_references or self._run.table("seeds").read_all(columns=["reference"])["reference"].count():
            return names
        those = listed(from_references) if self._named else "they"  # which a sentence about others names before
        self._leave_out(
            from_references,
            f"its seeds have no reference answers, of which {those} would be made",
            "leave them out of --only",
        )
        return [name for name in names if name not in REFERENCES]

    def _leave_out(self, names: Sequence[str], why: str, remedy: str) -> None:
        """Say that controls are left out which the user did not name.

        Raises:
            UserError: the user named them.
        """
        if self._named:
            raise UserError(f"{self._run.path}: {why}: {remedy}")
        self._reporter.say(f"left out {listed(names)}: {why}")

    def _target(self, tag: str) -> Target:
        """The target with its translators.

        Raises:
            UserError: a translator is not available, or is not the one that translated for the run.
        """
        tgt = languages.find(tag)
        of_run = [part.identity() for part in self._manifest.ingredients_of(tag) if part.role == "translator"]
        translators, identified = {}, self._models.identified(self._generators[0])
        configs = self._recipe.for_target(tag).translator
        for name, translator_config in zip(translator_names(configs), configs, strict=True):
            translator = self._models.identify_translator(translator_config, self._src, tgt, identified)
            if translator.identity() not in of_run:
                raise RunMismatch(
                    f"translator {name} is now {translator.name}@{translator.revision}, which did not translate for "
                    f"{self._run.path}, so the controls would differ in their translator, too: use the translator that "
                    "the run's manifest.json names"
                )
            translators[name] = translator
        return Target(self._src, tgt, translators)

    def _translate(self, target: Target) -> list[str]:
        """Translate the references that are not translated yet; returns the fingerprints of all parts."""
        parts = order.Parts.of(self._manifest.growths)
        seeds = self._run.table("seeds").fingerprints(len(parts.sizes))
        tables = Tables(self._run, {}, {"seeds": seeds}, states=unused.states(self._run))
        tables.add(order.translation_steps(self._recipe.for_target(target.tgt.tag), target, parts, of_references=True))
        runner = LocalRunner(self._models, self._reporter)
        try:
            for table, job in tables.jobs.items():
                missing = tables.missing(table)
                output = job.step.output(self._run)
                output.forget_after(job.step.parts(), journals={*missing, *job.unfinished()})
                runner.run(self._run, job, missing)
                tables.settle(table, missing)
        finally:
            runner.close()
        return list(tables.fingerprints[target.table("references")])

    def _names_for(self, tag: str) -> list[str]:
        """The controls of a target: without those that nobody named and that its run or recipe has nothing for.

        Raises:
            UserError: one was named.
        """
        recipe, tgt = self._recipe.for_target(tag), languages.find(tag)
        names = self._names
        if "respond" in names and not (recipe.direct_answers and self._run.table(f"{tag}/direct_answers").parts()):
            self._leave_out(
                ["respond"],
                f"the model has not answered the questions in {tag} itself, and respond is made of that",
                f"`{self._run.command} --set direct_answers=true`",
            )
            names = [name for name in names if name != "respond"]
        if recipe.native and (translated := [name for name in names if name in FROM_TRANSLATED]):
            self._leave_out(
                translated,
                f"its answers are native texts, and {listed(translated)} would be about their translations",
                "leave them out of --only",
            )
            names = [name for name in names if name not in FROM_TRANSLATED]
        try:
            prompts.unwritten(recipe.prompts, self._src, tgt, prompts.PIVOT if "pivot" in names else ())
        except RecipeError as error:
            if self._named:
                raise
            self._reporter.say(f"left out pivot: {error}")
            return [name for name in names if name != "pivot"]
        return names

    def _rows(self, tag: str, target: Target | None, names: Sequence[str]) -> tuple[Rows, pl.Series]:
        """The rows of the controls before the cut, and the seeds that they share."""
        shared = controls.common(self._run, tag, names)
        if shared.is_empty():
            raise UserError(
                f"{self._run.path}: no seed of {tag}/transfer_set has everything that is needed for "
                f"{', '.join(names)}: name fewer controls with --only"
            )
        recipe = self._recipe.for_target(tag)
        translators = target.translators if target else self._translators_of_run(tag)
        rows = Rows(
            self._run,
            tag,
            self._src.tag,
            shared,
            [f"{tag}/{table}" for table in score_tables(recipe.scorers)],
            PromptChooser(self._prompts(tag, recipe, names), recipe.seed),
            dict(zip(self._recipe.answering, map(provenance.described, self._generators), strict=False)),
            {name: provenance.described(translator) for name, translator in translators.items()},
            recipe.mix,
        )
        return rows, shared

    def _translators_of_run(self, tag: str) -> dict[str, Ingredient]:
        """The translators that the run had, by their names in the recipe."""
        of_run = [part for part in self._manifest.ingredients_of(tag) if part.role == "translator"]
        return dict(zip(translator_names(self._recipe.for_target(tag).translator), of_run, strict=False))

    def _prompts(self, tag: str, recipe: Recipe, names: Sequence[str]) -> pl.DataFrame:
        """The sentences that the run has, and those that the controls need besides."""
        existing = self._run.table(f"{tag}/prompts").read_all()
        needed = {"contrast": [prompts.SAME], "pivot": prompts.PIVOT}
        wanted = [kind for name in names for kind in needed.get(name, ())]
        wanted = [kind for kind in wanted if kind not in {*existing["kind"]}]
        if not wanted:
            return existing
        tgt, pool = languages.find(tag), ModelPool(self._models)

        def from_english(language: Language) -> Translator:
            return pool.translator(recipe.translator[0], prompts.ENGLISH, language, recipe)

        try:
            made = prompts.make(recipe.prompts, self._src, tgt, from_english, wanted)
        finally:
            pool.close()
        return pl.concat([existing, made.rows])

    def _numbers(self, tag: str, rows: Rows, names: Sequence[str]) -> dict[str, StoredRows]:
        """What is to be known of each control's rows for the cut, without controls that are the same as others.

        Raises:
            UserError: a control is the transfer set itself, and the user named it.
        """
        count = token_counts.counter(self._tokenizer)
        heights = {"sdrrl": sum(block.height for block in rows.of("sdrrl")) if "sdrrl" not in names else 0}
        by_name = {}
        for name in names:
            by_name[name] = StoredRows()
            for block in rows.of(name):
                order = rows.order(block, self._recipe.seed)
                by_name[name].add(equal_tokens.numbers(block, order, tag, rows.answer_label, count))
            heights[name] = by_name[name].height
        return {name: stored for name, stored in by_name.items() if not self._changes_nothing(name, tag, heights)}

    def _changes_nothing(self, name: str, tag: str, heights: Mapping[str, int]) -> bool:
        """Whether an ablation, or what adds something, is the transfer set itself.

        Raises:
            UserError: it is, and the user named it.
        """
        why = ""
        if name in ABLATIONS and name not in REFERENCES and heights[name] == heights["sdrrl"]:
            why = f"{tag}/transfer_set has no {ABLATIONS[name]}, so {name} would be the same as sdrrl"
        elif name in ADDITIONS and heights[name] <= heights["sdrrl"]:
            why = f"{tag} has no further rows for {name}, or its transfer set has them already"
        if why:
            self._leave_out([name], why, "leave it out of --only")
        return bool(why)

    def _has_files(self, tag: str, existing: Controls) -> bool:
        """Whether the files of these controls exist."""
        datasets = (self._run.dataset(controls.folder(tag, name)) for name in existing.arms)
        return all(dataset.fingerprint() == existing.fingerprint for dataset in datasets)

    def _write(self, tag: str, rows: Rows, arms: Mapping[str, Callable[[], pl.DataFrame]], new: Controls) -> None:
        """Write the datasets. The file with the figures exists only while all datasets are whole."""
        place = self._run.path / tag
        remove(place / controls.FILE)
        for name in controls.ARMS:
            self._run.dataset(controls.folder(tag, name)).remove()
        for name, read in arms.items():
            numbers = read()
            is_taken = taken(numbers, new.arms[name].equal, new.budget)
            dataset = self._run.dataset(controls.folder(tag, name), self._recipe.transfer_set.shard_rows)
            of_taken = numbers.filter(is_taken)
            orders = {split: of_taken.filter(split=split)["order"].to_numpy() for split in SPLITS}
            shuffled = dataset.shuffled(orders)
            start = 0
            for block in rows.of(name):
                of_block = slice(start, start + block.height)
                start += block.height
                order = numbers["order"][of_block].filter(is_taken[of_block])
                shuffled.add(block.filter(is_taken[of_block]), order)
            part = Part(shuffled.no_rows, NOTHING_SET_ASIDE, shuffled=shuffled)
            dataset.write(0, part, new.fingerprint)
        self._run.write_text(f"{tag}/{controls.FILE}", new.model_dump_json(indent=2) + "\n")


def _read(stored: StoredRows) -> pl.DataFrame:
    return equal_tokens.together(stored.files())


def _loss(datasets: EqualDatasets) -> str | None:
    """What the cut costs, if it costs a dataset more than half of its rows."""
    name = _most_cut(datasets)
    left, before = datasets.left[name]
    if left >= FEW * before:
        return None
    budget = datasets.budget["train"]
    return f"{left:,} of {before:,} training rows of {name} are left, because {datasets.smallest} has {budget:,} tokens"


def _offer(datasets: EqualDatasets, others: EqualDatasets, other: Equal) -> str:
    """What would leave more rows."""
    name = _most_cut(others)
    left, before = others.left[name]
    leave_out = f"to leave more, name other controls than {datasets.smallest} with --only"
    now_left, now_before = datasets.left[_most_cut(datasets)]
    if left * now_before <= now_left * before:
        return f"; {leave_out}"
    return f"; --equal {other} leaves at least {left:,} of {before:,} rows of each, or {leave_out}"


def _most_cut(datasets: EqualDatasets) -> str:
    return min(datasets.left, key=lambda name: datasets.left[name][0] / max(datasets.left[name][1], 1))
