"""Make a transfer set: do what a plan says is missing."""

from os import PathLike
from pathlib import Path

import polars as pl

from sdrrl_data.cards import counts, description
from sdrrl_data.pipeline import Target
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.recipe import Recipe, loading, score_tables
from sdrrl_data.run import Counts, Kind, Manifest, provenance
from sdrrl_data.runners.local import do
from sdrrl_data.steps import answer_rows, parallel_rows, scores, transfer_set
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.prompts import Asking


def generate(
    recipe: Recipe | str | PathLike[str],
    out: str | PathLike[str],
    models: Models | None = None,
    reporter: Reporter | None = None,
) -> Manifest:
    """Make the transfer set of a recipe in the folder `out`, or finish the one that was begun there.

    Killed at any moment and called again, it goes on with the next row and ends with the same bytes.

    Args:
        recipe: what to do: a recipe from `load_recipe`, the name of a packaged one, or the path of a YAML file.
        out: the run's folder.
        models: what finds and loads generator and translator; the recipe's own by default.
        reporter: is told how the run gets on.

    Returns:
        What made the run, and its figures: `counts.targets["pt"].rows` says how many rows each split has. A strict
        filter may leave none, which is not an error.

    Raises:
        UserError: a model, a language or the seeds cannot be had, or `out` holds another run. Nothing was written.
        Stopped: a model's process, a server or the disk failed. What is finished is kept.
    """
    if not isinstance(recipe, Recipe):
        recipe = loading.load(recipe)
    plan = Plan(recipe, Path(out), models or Models())
    if manifest := plan.finished():
        return manifest
    with plan.run.lock():
        return _carry_out(plan, reporter or Silent())


def _carry_out(plan: Plan, reporter: Reporter) -> Manifest:
    before = plan.run.manifest()
    manifest = Manifest(
        state="unfinished",
        signatures=plan.signatures,
        recipe=plan.resolved,
        versions=provenance.versions(),
        ingredients=plan.ingredients,
        growths=plan.growths,
        counts=_still_true(plan, before) if before else Counts(),
    )
    plan.run.write_manifest(manifest)
    _write_given(plan)
    _tell_what_answers(plan, reporter)
    try:
        for step in plan.pipeline.steps:
            do(plan.run, step, plan.fingerprints[step.table], reporter)
    finally:
        plan.pipeline.close()
    known = manifest.counts.targets
    mixes = {
        target.tgt.tag: known[target.tgt.tag].mix if target.tgt.tag in known else _write_transfer_set(plan, target)
        for target in plan.targets
    }
    counted = counts.count(plan.run, mixes, plan.recipe)
    files = {path: digest for tag in mixes for path, digest in plan.run.digests(f"{tag}/transfer_set").items()}
    manifest = manifest.model_copy(update={"state": "finished", "counts": counted, "files": files})
    description.write(plan.run, manifest)
    plan.run.write_manifest(manifest)
    return manifest


def _still_true(plan: Plan, before: Manifest) -> Counts:
    """The figures of the targets whose transfer sets stay as they are."""
    done = {target.tgt.tag for target in plan.targets if plan.transfer_set_done(target)}
    return Counts(targets={tag: count for tag, count in before.counts.targets.items() if tag in done})


def _write_given(plan: Plan) -> None:
    """Keep what was read, so that the run can be understood, and gone on with, without its sources."""
    for name, parts in plan.given.items():
        table = plan.run.table(name)
        table.forget_after(len(parts))
        for part in plan.missing(name):
            table.write(part, parts[part], plan.fingerprints[name][part])


def _tell_what_answers(plan: Plan, reporter: Reporter) -> None:
    """If answers are missing, say which model and engine give them, and whether another engine would be faster."""
    if not plan.missing("answers"):
        return
    engine = plan.generator.engine or ""
    reporter.say(f"answers by {plan.generator.name} on {engine}")
    if engine.startswith("transformers") and plan.recipe.generator.engine == "auto":
        reporter.say("vLLM is not installed, so this takes several times longer")


def _write_transfer_set(plan: Plan, target: Target) -> list[Kind]:
    seed, settings = plan.recipe.seed, plan.recipe.transfer_set
    tables = {name: plan.run.table(table).read_all() for name, table in plan.tables(target).items()}
    tables["scores"] = scores.joined([tables[name] for name in score_tables(plan.recipe.scorers)])
    asking = Asking(tables["prompts"], seed)
    src, tgt = target.src.tag, target.tgt.tag
    candidates = pl.concat(
        [
            answer_rows.make(tables, asking, src, tgt),
            parallel_rows.make(tables["parallel"], asking, src, tgt, seed),
        ]
    )
    rows, kinds = transfer_set.mix(candidates, settings.mix, seed)
    rows = transfer_set.finish(
        transfer_set.split(rows, settings.test_share, seed),
        tables,
        provenance.described(plan.generator),
        {name: provenance.described(translator) for name, translator in target.translators.items()},
        plan.signatures[tgt],
    )
    plan.run.write_dataset(
        target.table("transfer_set"),
        {split: rows.filter(split=split) for split in ("train", "test")},
        plan.transfer_set_fingerprint(target),
        settings.shard_rows,
    )
    return kinds
