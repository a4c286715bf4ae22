"""Make a transfer set: make all parts that a plan says are missing."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from sdrrl_data.cards import description
from sdrrl_data.pipeline import growing, redone, replaced, scorers
from sdrrl_data.pipeline import plan as planning
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.recipe import Recipe, loading, overrides
from sdrrl_data.run import Counts, Manifest, provenance, unused
from sdrrl_data.run.marks import is_lacking
from sdrrl_data.runners.local import LocalRunner
from sdrrl_data.runners.runner import Runner
from sdrrl_data.steps import counts
from sdrrl_data.steps.model_pool import Models

RECIPE = "recipe.yaml"  # in the run: what it was made from, for people to read and for `generate --recipe`
Agreed = Callable[[Sequence[str]], None]


def generate(
    recipe: Recipe | str | PathLike[str],
    out: str | PathLike[str],
    models: Models | None = None,
    reporter: Reporter | None = None,
    *,
    retry_set_aside: bool = False,
    agreed: Agreed | None = None,
    named: Mapping[str, Any] | None = None,
) -> Manifest:
    """Make the transfer set of a recipe in the folder `out`, or finish the one that was begun there.

    If the recipe says how many pairs to `keep`, the run grows until so many pass the thresholds, as far as there are
    questions: see `growing.shortfall`.

    If it is killed at any moment and called again, it continues with the next row and ends with the same bytes. Rows
    that a server failed at are set aside; a later call asks for them again, and ends as if the server had never failed.

    Args:
        recipe: a recipe from `load_recipe`, the name of one of the package's recipes, or the path of a YAML file.
        out: the run's folder.
        models: finds and loads generator and translators; by default, those of the recipe.
        reporter: is told about the progress.
        retry_set_aside: ask again for every answer, and every translation by the model itself, that was set aside, also
            if the row was at fault: the prompt was too long for the model, or a server refused it.
        agreed: is told, before anything is changed, which finished rows would be made anew and why, and may raise an
            error to prevent it; by default, the reporter is told. What they replace stays in the run's folder `unused`.
        named: what is written in the file that the recipe was made from, to be remembered (see `continuing`).

    Returns:
        The ingredients and settings of the run, and its figures: `counts.targets["pt"].rows` has the number of rows of
        each split. With strict filters, there may be no rows, which is not an error.

    Raises:
        UserError: a model, a language or the seeds cannot be found, or `out` holds another run. Nothing was written.
        Stopped: a model's process, a server or the disk failed. What is finished is kept.
    """
    if not isinstance(recipe, Recipe):
        recipe = loading.load(recipe)
    models = models or Models()
    reporter = reporter or Silent()
    plan = planning.resolve(recipe, Path(out), models, retry_set_aside)
    questions = growing.questions(plan.recipe, plan.before)
    manifest = plan.finished() or _agreed(plan, models, reporter, agreed, named)
    while questions := growing.more(plan.recipe, manifest, questions):
        reporter.say(f"{growing.passed(manifest)}; for {plan.recipe.keep:,}, {questions:,} questions are taken")
        plan = planning.resolve(recipe, Path(out), models, questions=questions)
        manifest = plan.finished() or _agreed(plan, models, reporter, agreed, named)
    if plan.recipe.keep:
        reporter.say(f"{growing.passed(manifest)}; {plan.recipe.keep:,} are wanted")
    return manifest


def _agreed(
    plan: Plan, models: Models, reporter: Reporter, agreed: Agreed | None, named: Mapping[str, Any] | None
) -> Manifest:
    """Make what is missing, once it was said what would be made anew; the arguments are those of `generate`."""
    if sentence := plan.waiting():
        reporter.say(sentence)
    if sentences := redone.sentences(redone.redone(plan)):
        (agreed or partial(_say, reporter))(sentences)
    scorers.prepare(plan.scorers_to_open(), reporter.say)
    with plan.run.lock():
        return _execute(plan, models, reporter, named)


def _say(reporter: Reporter, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        reporter.say(sentence)


def _execute(plan: Plan, models: Models, reporter: Reporter, named: Mapping[str, Any] | None) -> Manifest:
    runner: Runner = LocalRunner(models, reporter)
    manifest = Manifest(
        state="unfinished",
        signatures=dict(plan.signatures),
        recipe=dict(plan.resolved),
        named=_remembered(plan, named),
        versions=provenance.versions(),
        ingredients=plan.ingredients,
        used={
            tag: [plan.ingredients.index(part) for part in dict.fromkeys(parts)]
            for tag, parts in plan.ingredients_of.items()
        },
        growths=plan.growths,
        counts=_unchanged_counts(plan),
        files=plan.before.files if plan.before else {},
    )
    replaced.keep_replaced(plan.run, plan.tables)
    plan.tables.use_again(unused.states(plan.run))
    plan.run.write_manifest(manifest)
    plan.run.write_text(RECIPE, overrides.written(dict(plan.resolved)))
    _write_sources(plan)
    _report_seeds(plan, reporter)
    _report_generator(plan, reporter)
    _report_scorers(plan, reporter)
    try:
        for table, job in plan.tables.jobs.items():
            missing = plan.missing(table)
            output = job.step.output(plan.run)
            output.forget_after(job.step.parts(), journals={*missing, *job.unfinished()})
            runner.run(plan.run, job, missing)
            plan.tables.settle(table, missing)
    finally:
        runner.close()
    tags = [target.tgt.tag for target in plan.targets]
    run_counts = counts.read(plan.run, ["shared_counts", *(f"{tag}/counts" for tag in tags)])
    files = {path: digest for tag in tags for path, digest in plan.run.dataset(f"{tag}/transfer_set").digests().items()}
    manifest = manifest.model_copy(update={"state": "finished", "counts": run_counts, "files": files})
    description.write(plan.run, manifest)
    plan.run.write_manifest(manifest)
    _report_lacking_rows(plan, reporter)
    return manifest


def _remembered(plan: Plan, named: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is written in the file of the recipe; if no file is named, the one that was named before."""
    if named is not None:
        return dict(named)
    return plan.before.named if plan.before else None


def _unchanged_counts(plan: Plan) -> Counts:
    """The figures of the targets whose transfer sets stay as they are."""
    if plan.before is None:
        return Counts()
    finished_tags = {target.tgt.tag for target in plan.targets if not plan.missing(target.table("transfer_set"))}
    return Counts(targets={tag: target for tag, target in plan.before.counts.targets.items() if tag in finished_tags})


def _write_sources(plan: Plan) -> None:
    """Write the tables that were read, so that the run can be understood and continued without its sources."""
    for name, parts in plan.tables.sources.items():
        table = plan.run.table(name)
        table.forget_after(len(parts))
        for part in plan.missing(name):
            table.write(part, parts[part], plan.tables.fingerprints[name][part])


def _report_lacking_rows(plan: Plan, reporter: Reporter) -> None:
    """Say in which tables rows are missing because a server failed."""
    for table, job in plan.tables.jobs.items():
        if any(map(is_lacking, job.fingerprints)):
            reporter.say(
                f"{table}: the server failed at {plan.run.table(table).again()} requests; the same command asks again"
            )


def _report_seeds(plan: Plan, reporter: Reporter) -> None:
    """If answers are missing, say what the questions were taken from."""
    if plan.missing("answers"):
        for columns in plan.seed_columns:
            reporter.say(columns.sentence())


def _report_generator(plan: Plan, reporter: Reporter) -> None:
    """If answers are missing, say which model and engine will give them, and whether another engine would be faster."""
    if not plan.missing("answers"):
        return
    engine = plan.generator.engine or ""
    reporter.say(f"answers by {plan.generator.name} on {engine}")
    if engine.startswith("transformers") and plan.recipe.generator.engine == "auto":
        reporter.say("vLLM is not installed, so this takes several times longer")


def _report_scorers(plan: Plan, reporter: Reporter) -> None:
    """If scores are missing, say what would make their scorers faster."""
    for scorer in plan.recipe.scorers:
        tables = [target.table(f"scores-{scorer.called()}") for target in plan.targets]
        if any(table in plan.tables.jobs and plan.missing(table) for table in tables) and (advice := scorer.advice()):
            reporter.say(advice)
