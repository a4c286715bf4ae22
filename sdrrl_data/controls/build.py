"""Make the controls of a finished run, from its own tables."""

import shutil
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

import polars as pl

from sdrrl_data import languages
from sdrrl_data.controls import arms as controls
from sdrrl_data.controls.arms import ABLATIONS, ARMS, REFERENCES, TRANSLATED, Controls
from sdrrl_data.controls.equal_tokens import SPLITS, Cut, Equal, cut
from sdrrl_data.errors import NotInstalled, RunMismatch, UserError
from sdrrl_data.models import packaged
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.pipeline import Pipeline, Target, revisions
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.recipe import GeneratorConfig, translator_names
from sdrrl_data.run import Manifest, Run, fingerprint, provenance, recipe_of, refuse_unfinished
from sdrrl_data.runners.local import do
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.prompts import Asking

AT_ONCE = 1000  # texts whose tokens are in memory together


def make(
    run: Run,
    manifest: Manifest,
    tags: Sequence[str] = (),
    arms: Sequence[str] = (),
    equal: Equal = "total",
    tokenizer: str | None = None,
    models: Models | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Controls]:
    """Write `TAG/controls-NAME` and `TAG/controls.json` for these targets; of the rest of the run nothing changes.

    All controls of a target are made of the same seeds, have them on the same side of train and test as the transfer
    set does, and are cut to the same number of completion tokens; see `steps.controls` and `steps.equal_tokens`.
    References are translated once, into `TAG/references`. What is there as it should be stays. Controls that are not
    named again are removed: they had another budget.

    Args:
        run: a finished run.
        manifest: its own.
        tags: of the targets; all by default.
        arms: names of the controls (`steps.controls.ARMS`); by default all but ablations that would take nothing away.
        equal: whether all tokens of the completions are held equal, or those in the target language.
        tokenizer: the model whose tokenizer counts: a directory, or a name on the Hub. By default the generator's.
        models: what finds and loads the translator; the recipe's own by default.
        reporter: is told how the translation of references gets on.

    Returns:
        The figures, by the tags of the targets.

    Raises:
        UserError: the run is not finished, there is no such target or control, no seed has a reference, a control would
            have no row, or the tokenizer or the translator cannot be had.
    """
    refuse_unfinished(run, manifest)
    tags = tags or list(manifest.signatures)
    for tag in tags:
        if tag not in manifest.signatures:
            raise UserError(f"{run.path} has no target {tag}: it has {', '.join(manifest.signatures)}")
    for name in arms:
        if name not in ARMS:
            raise UserError(f"there is no control {name}: there are {', '.join(ARMS)}")
    with run.lock():
        making = _Making(run, manifest, arms, equal, tokenizer, models or Models(), reporter or Silent())
        return {tag: making.target(tag) for tag in tags}


class _Making:
    """Holds what is the same for all targets; the arguments are those of `make`."""

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
        self._wanted = [name for name in ARMS if not named or name in named]
        self._equal = equal
        self._models = models
        self._reporter = reporter
        self._recipe = revisions.pinned(recipe_of(run, manifest), manifest)
        self._src = languages.find(self._recipe.src)
        self._generator = next(part for part in manifest.ingredients if part.role == "generator")
        self._refuse_without_references()
        self._tokenizer = _located(self._recipe.generator, tokenizer)

    def target(self, tag: str) -> Controls:
        """The controls of one target; made anew where they are not as they should be."""
        target = self._target(tag) if TRANSLATED & {*self._wanted} else None
        references = self._translate(target) if target else []
        transfer_set = controls.files(self._manifest, tag)
        counting = f"{self._tokenizer.name}@{self._tokenizer.revision}"
        shaping = fingerprint(transfer_set, references, self._wanted, self._equal, counting)
        found = controls.read(self._run, self._manifest, tag)
        if found and found.fingerprint == shaping and self._written(tag, found):
            return found
        arms, seeds = self._arms(tag, target)
        done = cut(arms, tag, self._equal, partial(_tokens, self._tokenizer))
        if empty := [name for name, figures in done.figures.items() if not figures.rows["train"]]:
            raise UserError(
                f"{self._run.path}: {tag} has too little for {', '.join(empty)}, which would have no row to train on: "
                "leave it out of --only"
            )
        made = Controls(
            signature=self._manifest.signatures[tag],
            tokenizer=counting,
            seed=self._recipe.seed,
            equal=self._equal,
            budget=done.budget,
            seeds=seeds,
            arms=done.figures,
            transfer_set=transfer_set,
            fingerprint=shaping,
        )
        self._write(tag, done, made)
        return made

    def _refuse_without_references(self) -> None:
        lacking = [name for name in self._wanted if name in REFERENCES]
        if lacking and self._run.table("seeds").read_all()["reference"].is_null().all():
            others = ",".join(name for name in ARMS if name not in REFERENCES)
            raise UserError(
                f"{self._run.path}: its seeds have no reference answers, of which {', '.join(lacking)} would be made: "
                f"name others, such as --only {others}"
            )

    def _target(self, tag: str) -> Target:
        """The target with its translators.

        Raises:
            UserError: one cannot be had, or is not the one that translated for the run.
        """
        tgt = languages.find(tag)
        known = [part.identity() for part in self._manifest.ingredients if part.role == "translator"]
        translators = {}
        for name, settings in zip(translator_names(self._recipe.translator), self._recipe.translator, strict=True):
            translators[name] = found = self._models.identify_translator(settings, self._src, tgt, self._generator)
            if found.identity() not in known:
                raise RunMismatch(
                    f"translator {name} is now {found.name}@{found.revision}, which did not translate for "
                    f"{self._run.path}, so that controls would differ by it: bring back the one that its manifest.json "
                    "names"
                )
        return Target(self._src, tgt, translators, (), None, None, {})

    def _translate(self, target: Target) -> list[str]:
        """Translate the references that are not translated yet; returns the fingerprints of all parts."""
        parts = sum(map(len, self._manifest.growths))
        prints = {"seeds": self._run.table("seeds").fingerprints(parts)}
        pipeline = Pipeline(self._recipe, self._models, self._generator, self._src, [], self._manifest.growths)
        expected: list[str] = []
        try:
            for step in pipeline.references(target):
                expected = [
                    fingerprint(step.table, step.settings, [prints[table][part] for table in step.inputs])
                    for part in range(parts)
                ]
                prints[step.table] = [*expected]
                do(self._run, step, expected, self._reporter)
        finally:
            pipeline.close()
        return expected

    def _arms(self, tag: str, target: Target | None) -> tuple[dict[str, pl.DataFrame], int]:
        """The controls before the cut, and how many seeds they share."""
        rows = self._run.read_dataset(f"{tag}/transfer_set")
        places = {"seeds": "seeds"} | {name: f"{tag}/{name}" for name in ("translations", "verdicts")}
        if self._recipe.transfer_set.mix.code_switched:
            places["code_switched"] = f"{tag}/code_switched"
        if target:
            places["references"] = target.table("references")
        tables = {name: self._run.table(place).read_all() for name, place in places.items()}
        shared = controls.common(tables, rows, self._wanted)
        if shared["seeds"].is_empty():
            raise UserError(
                f"{self._run.path}: no seed of {tag}/transfer_set has all that {', '.join(self._wanted)} are made of: "
                "name fewer controls with --only"
            )
        arms = controls.from_transfer_set(rows, shared["seeds"])
        wanted = [name for name in self._wanted if not (name in arms and self._takes_nothing(name, arms, tag))]
        if REFERENCES & {*wanted}:
            asking = Asking(self._run.table(f"{tag}/prompts").read_all(), self._recipe.seed)
            described = {name: provenance.described(own) for name, own in target.translators.items()} if target else {}
            src, seed = self._src.tag, self._recipe.seed
            arms |= controls.from_references(shared, arms["sdrrl"], asking, described, src, tag, seed)
        return {name: arms[name] for name in wanted}, shared["seeds"].height

    def _takes_nothing(self, name: str, arms: dict[str, pl.DataFrame], tag: str) -> bool:
        """Whether an ablation is the transfer set itself.

        Raises:
            UserError: it is, and was named.
        """
        same = name != "sdrrl" and arms[name].height == arms["sdrrl"].height
        if same and self._named:
            raise UserError(
                f"{self._run.path}: {tag}/transfer_set has no {ABLATIONS[name]}, so {name} would be the same as sdrrl: "
                "leave it out of --only"
            )
        return same

    def _written(self, tag: str, found: Controls) -> bool:
        """Whether the files of these controls are there."""
        return all(self._run.dataset_done(controls.folder(tag, name), found.fingerprint) for name in found.arms)

    def _write(self, tag: str, done: Cut, made: Controls) -> None:
        """Write the datasets; the figures stand there only while these are whole."""
        place = self._run.path / tag
        (place / controls.FILE).unlink(missing_ok=True)
        for folder in place.glob("controls-*"):
            shutil.rmtree(folder)
        for name, rows in done.rows.items():
            splits = {split: rows.filter(split=split) for split in SPLITS}
            shard_rows = self._recipe.transfer_set.shard_rows
            self._run.write_dataset(controls.folder(tag, name), splits, made.fingerprint, shard_rows)
        self._run.write_text(f"{tag}/{controls.FILE}", made.model_dump_json(indent=2) + "\n")


def _located(generator: GeneratorConfig, named: str | None) -> Located:
    """Where the tokenizer is.

    Raises:
        UserError: it cannot be had, or only a server has it.
    """
    if not find_spec("transformers"):
        raise NotInstalled(
            "tokens are counted with transformers, which is missing: pip install 'sdrrl-data[train]'", "train"
        )
    if named is None and (generator.engine == "openai" or (generator.server and generator.engine == "auto")):
        raise UserError(
            f"{generator.model} answered on a server, which does not lend its tokenizer: name the model that is to be "
            "trained, or another whose tokenizer is to count, with --tokenizer"
        )
    revision = None if named else generator.revision
    return packaged.locate(named or generator.model, revision, "tokenizer", "--tokenizer")


def _tokens(located: Located, texts: Sequence[str]) -> list[int]:
    """How many tokens each text has, without any that a chat template adds.

    Raises:
        UserError: there is no tokenizer.
    """
    from transformers import AutoTokenizer

    with loading("tokenizer", located.name):
        tokenizer = AutoTokenizer.from_pretrained(located.path, **located.pinned())
    counts: list[int] = []
    for start in range(0, len(texts), AT_ONCE):
        batch = list(texts[start : start + AT_ONCE])
        found = tokenizer(batch, add_special_tokens=False, return_attention_mask=False, verbose=False)
        counts += map(len, found["input_ids"])
    return counts
