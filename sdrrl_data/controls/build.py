"""Makes the controls of a finished run, from its tables."""

import logging
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

import polars as pl

from sdrrl_data import languages
from sdrrl_data.controls import arms as controls
from sdrrl_data.controls.arms import ABLATIONS, ARMS, REFERENCES, TRANSLATED, Controls
from sdrrl_data.controls.equal_tokens import CountTokens, Equal, EqualDatasets, cut
from sdrrl_data.errors import NotInstalled, RunMismatch, UserError
from sdrrl_data.models import packaged, tokenizers
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.pipeline import order, revisions
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.recipe import GeneratorConfig, translator_names
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
from sdrrl_data.run.disk import remove
from sdrrl_data.runners.local import LocalRunner
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.target import Target

FEW = 0.5  # of a control's rows
AT_ONCE = 1000  # texts whose tokens are in memory together


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
        arms: names of the controls (`controls.arms.ARMS`); by default all except ablations that would remove nothing.
        equal: whether all tokens of the completions are made equal, or only those in the target language.
        tokenizer: the model whose tokenizer counts: a directory, or a name on the Hub. By default the generator's.
        models: finds and loads the translator; by default that of the recipe.
        reporter: is told the progress of the translation of references.

    Returns:
        The figures, by the tags of the targets.

    Raises:
        UserError: the run is not finished, there is no such target or control, no seed has a reference, a control would
            have no row, or the tokenizer or the translator is not available.
    """
    refuse_unfinished(run, manifest)
    tags = select_targets(run, manifest, targets)
    for name in arms:
        if name not in ARMS:
            raise UserError(f"there is no control {name}: there are {', '.join(ARMS)}")
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
        self._generator = next(part for part in manifest.ingredients if part.role == "generator")
        self._refuse_without_references()
        self._tokenizer = _located(self._recipe.generator, tokenizer)

    def controls_of(self, tag: str) -> Controls:
        """The controls of one target; they are made if they do not exist or are out of date."""
        target = self._target(tag) if TRANSLATED & {*self._names} else None
        references = self._translate(target) if target else []
        transfer_set = controls.files(self._manifest, tag)
        tokenizer = f"{self._tokenizer.name}@{self._tokenizer.revision}"
        controls_fingerprint = fingerprint(transfer_set, references, self._names, self._equal, tokenizer)
        existing = controls.read(self._run, self._manifest, tag)
        if existing and existing.fingerprint == controls_fingerprint and self._has_files(tag, existing):
            return existing
        arms, seeds = self._arms(tag, target)
        count = _remembered(partial(_tokens, self._tokenizer))
        datasets = cut(arms, tag, self._equal, count)
        if empty := [name for name, figures in datasets.figures.items() if not figures.rows["train"]]:
            raise UserError(
                f"{self._run.path}: {tag} has too few rows for {', '.join(empty)}, which would have no row to train "
                "on: leave it out of --only"
            )
        if loss := _loss(datasets):
            other: Equal = "target" if self._equal == "total" else "total"
            offer = _offer(datasets, cut(arms, tag, other, count), other)
            logging.getLogger(__name__).warning("%s: %s%s", tag, loss, offer)
        new = Controls(
            signature=self._manifest.signatures[tag],
            tokenizer=tokenizer,
            seed=self._recipe.seed,
            equal=self._equal,
            budget=datasets.budget,
            seeds=seeds,
            arms=datasets.figures,
            transfer_set=transfer_set,
            fingerprint=controls_fingerprint,
        )
        self._write(tag, datasets, new)
        return new

    def _refuse_without_references(self) -> None:
        from_references = [name for name in self._names if name in REFERENCES]
        if from_references and self._run.table("seeds").read_all()["reference"].is_null().all():
            others = ",".join(name for name in ARMS if name not in REFERENCES)
            raise UserError(
                f"{self._run.path}: its seeds have no reference answers, and {', '.join(from_references)} cannot be "
                f"made without them: name other controls, such as --only {others}"
            )

    def _target(self, tag: str) -> Target:
        """The target with its translators.

        Raises:
            UserError: a translator is not available, or is not the one that translated for the run.
        """
        tgt = languages.find(tag)
        of_run = [part.identity() for part in self._manifest.ingredients_of(tag) if part.role == "translator"]
        translators, identified = {}, self._models.identified(self._generator)
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

    def _arms(self, tag: str, target: Target | None) -> tuple[dict[str, pl.DataFrame], int]:
        """The controls before the cut, and how many seeds they share."""
        rows = self._run.dataset(f"{tag}/transfer_set").read()
        places = {"seeds": "seeds"} | {name: f"{tag}/{name}" for name in ("translations", "verdicts")}
        if self._recipe.transfer_set.mix.code_switched:
            places["code_switched"] = f"{tag}/code_switched"
        if target:
            places["references"] = target.table("references")
        tables = {name: self._run.table(place).read_all() for name, place in places.items()}
        shared = controls.common(tables, rows, self._names)
        if shared["seeds"].is_empty():
            raise UserError(
                f"{self._run.path}: no seed of {tag}/transfer_set has everything that is needed for "
                f"{', '.join(self._names)}: name fewer controls with --only"
            )
        arms = controls.from_transfer_set(rows, shared["seeds"])
        names = [name for name in self._names if not (name in arms and self._removes_nothing(name, arms, tag))]
        if REFERENCES & {*names}:
            asking = PromptChooser(self._run.table(f"{tag}/prompts").read_all(), self._recipe.seed)
            translators = target.translators if target else {}
            described = {name: provenance.described(translator) for name, translator in translators.items()}
            src, seed = self._src.tag, self._recipe.seed
            arms |= controls.from_references(shared, arms["sdrrl"], asking, described, src, tag, seed)
        return {name: arms[name] for name in names}, shared["seeds"].height

    def _removes_nothing(self, name: str, arms: dict[str, pl.DataFrame], tag: str) -> bool:
        """Whether an ablation is the transfer set itself.

        Raises:
            UserError: it is, and the user named it.
        """
        same = name != "sdrrl" and arms[name].height == arms["sdrrl"].height
        if same and self._named:
            raise UserError(
                f"{self._run.path}: {tag}/transfer_set has no {ABLATIONS[name]}, so {name} would be the same as sdrrl: "
                "leave it out of --only"
            )
        return same

    def _has_files(self, tag: str, existing: Controls) -> bool:
        """Whether the files of these controls exist."""
        datasets = (self._run.dataset(controls.folder(tag, name)) for name in existing.arms)
        return all(dataset.fingerprint() == existing.fingerprint for dataset in datasets)

    def _write(self, tag: str, datasets: EqualDatasets, new: Controls) -> None:
        """Write the datasets. The file with the figures exists only while all datasets are whole."""
        place = self._run.path / tag
        remove(place / controls.FILE)
        for name in controls.ARMS:
            self._run.dataset(controls.folder(tag, name)).remove()
        for name, rows in datasets.rows.items():
            dataset = self._run.dataset(controls.folder(tag, name), self._recipe.transfer_set.shard_rows)
            dataset.write(0, Part(rows, NOTHING_SET_ASIDE), new.fingerprint)
        self._run.write_text(f"{tag}/{controls.FILE}", new.model_dump_json(indent=2) + "\n")


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


def _remembered(count: CountTokens) -> CountTokens:
    """Counts each text once."""
    known: dict[str, int] = {}

    def counted(texts: Sequence[str]) -> list[int]:
        missing = [text for text in texts if text not in known]
        known.update(zip(missing, count(missing), strict=True))
        return [known[text] for text in texts]

    return counted


def _located(generator: GeneratorConfig, named: str | None) -> Located:
    """Where the tokenizer is.

    Raises:
        UserError: it is not available, or only a server has it.
    """
    if not find_spec("transformers"):
        raise NotInstalled(
            "transformers is needed to count tokens, and it is not installed: pip install 'sdrrl-data[train]'",
            "train",
        )
    if named is None and (generator.engine == "openai" or (generator.server and generator.engine == "auto")):
        raise UserError(
            f"{generator.model} answered on a server, and its tokenizer is not on this machine: name the model that "
            "you will train, or another model whose tokenizer should count, with --tokenizer"
        )
    revision = None if named else generator.revision
    return packaged.locate(named or generator.model, revision, "tokenizer", "--tokenizer")


def _tokens(located: Located, texts: Sequence[str]) -> list[int]:
    """How many tokens each text has, without those that a chat template adds.

    Raises:
        UserError: there is no tokenizer.
    """
    with loading("tokenizer", located.name):
        tokenizer = tokenizers.load(located)
    counts: list[int] = []
    for start in range(0, len(texts), AT_ONCE):
        batch = list(texts[start : start + AT_ONCE])
        encoded = tokenizer(batch, add_special_tokens=False, return_attention_mask=False, verbose=False)
        counts += map(len, encoded["input_ids"])
    return counts
