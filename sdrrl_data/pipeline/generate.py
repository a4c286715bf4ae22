"""Make a transfer set: make all parts that a plan says are missing."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from os import PathLike
from typing import Any

from sdrrl_data.errors import RunBusy, UserError
from sdrrl_data.pipeline import beginning, finishing, growing, leftovers, making, redone, scorers
from sdrrl_data.pipeline import plan as planning
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.recipe import Recipe, loading
from sdrrl_data.run import Manifest, Run, unused
from sdrrl_data.run.leases import Leases
from sdrrl_data.run.marks import is_lacking
from sdrrl_data.runners.local import LocalRunner
from sdrrl_data.runners.ray_cluster import RayConfig, RayRunner
from sdrrl_data.steps.model_pool import Models

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
    previews: Sequence[Run] = (),
    begin_only: bool = False,
    ray: RayConfig | None = None,
    command: str | None = None,
) -> Manifest:
    """Make the transfer set of a recipe in the folder `out`, or finish the one that was begun there.

    If the recipe says how many pairs to `keep`, the run grows until so many pass the thresholds, as far as there are
    questions: see `growing.shortfall`.

    If it is killed at any moment and called again, it continues with the next row and ends with the same bytes. Rows
    that a server failed at are set aside; a later call asks for them again, and ends as if the server had never failed.

    Args:
        recipe: a recipe from `load_recipe`, the name of one of the package's recipes, or the path of a YAML file.
        out: the run's folder, or its address in an object store.
        models: finds and loads generator and translators; by default, those of the recipe.
        reporter: is told about the progress.
        retry_set_aside: ask again for every answer, and every translation by the model itself, that was set aside, also
            if the row was at fault: the prompt was too long for the model, or a server refused it.
        agreed: is told, before anything is changed, which finished rows would be made anew and why, and may raise an
            error to prevent it; by default, the reporter is told. What they replace stays in the run's folder `unused`.
        named: what is written in the file that the recipe was made from, to be remembered (see `continuing`).
        previews: other runs, which need not exist: their answers and translations are taken where they would be made in
            the same way.
        begin_only: only write the recipe and the seeds; workers make the rest (see `worker`).
        ray: a Ray cluster, whose nodes make the parts; by default, this process makes them.
        command: what was typed, without secrets, to be remembered if it begins the run.

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
    if begin_only and recipe.keep:
        raise UserError("workers do not take more questions by themselves: leave out --keep, or --begin")
    make = partial(
        _made,
        models=models,
        reporter=reporter,
        agreed=agreed,
        named=named,
        previews=previews,
        begin_only=begin_only,
        ray=ray,
        command=command,
    )
    path = Run(out).path
    plan = planning.resolve(recipe, path, models, retry_set_aside)
    questions = growing.questions(plan.recipe, plan.before)
    manifest = make(plan)
    while questions := growing.more(plan.recipe, manifest, questions):
        reporter.say(f"{growing.passed(manifest)}; for {plan.recipe.keep:,}, {questions:,} questions are taken")
        manifest = make(planning.resolve(recipe, path, models, questions=questions))
    with Leases() as leases:
        leases.tidy(path)
    plan.run.share_timings()
    if plan.recipe.keep:
        reporter.say(f"{growing.passed(manifest)}; {plan.recipe.keep:,} are wanted")
    return manifest


def _made(
    plan: Plan,
    models: Models,
    reporter: Reporter,
    agreed: Agreed | None,
    named: Mapping[str, Any] | None,
    previews: Sequence[Run],
    begin_only: bool,
    ray: RayConfig | None,
    command: str | None,
) -> Manifest:
    """Make what is missing, once it was said what would be made anew; the arguments are those of `generate`."""
    if manifest := plan.finished():
        return manifest
    for sentence in filter(None, (plan.waiting(), plan.leaving())):
        reporter.say(sentence)
    if sentences := redone.sentences(redone.redone(plan)):
        (agreed or partial(_say, reporter))(sentences)
    scorers.prepare(plan.scorers_to_open(), reporter.say)
    with plan.run.lock() as leases:
        if begin_only:
            return beginning.begin(plan, leases, reporter, named, command)
        with closing(RayRunner(models, reporter, ray) if ray else LocalRunner(models, reporter)) as runner:
            manifest = beginning.begin(plan, leases, reporter, named, command)
            plan.tables.use_again([*unused.states(plan.run), *previews])
            _report_seeds(plan, reporter)
            _report_generator(plan, reporter)
            _report_scorers(plan, reporter)
            making.make(plan.run, plan.tables, runner, leases, partial(_refuse_without_lock, plan.run, leases))
        plan.run.look()  # other processes may have made parts
        leftovers.remove(plan.run, plan.tables, leases, all_made=True)
        manifest = finishing.finish(plan.run, manifest)
    _report_lacking_rows(plan, reporter)
    return manifest


def _say(reporter: Reporter, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        reporter.say(sentence)


def _refuse_without_lock(run: Run, leases: Leases) -> None:
    """Refuse to go on if this process was suspended for so long that another one has locked the run.

    Raises:
        RunBusy: it was.
    """
    if not leases.holds(run.lock_place):
        raise RunBusy(f"another sdrrl-data process has taken over {run.path}, because this one stood still")


def _report_lacking_rows(plan: Plan, reporter: Reporter) -> None:
    """Say in which tables rows are missing because a server failed."""
    for table, job in plan.tables.jobs.items():
        if any(map(is_lacking, job.fingerprints)):
            reporter.say(
                f"{table}: the server failed at {plan.run.table(table).again()} requests; "
                f"`{plan.run.command}` asks again"
            )


def _report_seeds(plan: Plan, reporter: Reporter) -> None:
    """If answers are missing, say what the questions were taken from."""
    if plan.missing("answers"):
        for columns in plan.seed_columns:
            reporter.say(columns.sentence())
        if plan.recipe.native:
            reporter.say("every completion is a native text, so there are no rows of src->src and tgt->src")


def _report_generator(plan: Plan, reporter: Reporter) -> None:
    """If the model has to write, say which model and engine it is, and whether another engine would be faster."""
    table, written = ("seeds", "questions") if plan.recipe.native else ("answers", "answers")
    if not plan.missing(table):
        return
    generators = plan.answerers.generators
    reporter.say(f"{written} by {', '.join(f'{part.name} on {part.engine}' for part in generators.values())}")
    engines = zip(generators.values(), plan.recipe.answering.values(), strict=True)
    if any((part.engine or "").startswith("transformers") and config.engine == "auto" for part, config in engines):
        reporter.say("vLLM is not installed, so this takes several times longer")


def _report_scorers(plan: Plan, reporter: Reporter) -> None:
    """If scores are missing, say what would make their scorers faster."""
    for scorer in plan.recipe.scorers:
        tables = [target.table(f"scores-{scorer.called()}") for target in plan.targets]
        if any(table in plan.tables.jobs and plan.missing(table) for table in tables) and (advice := scorer.advice()):
            reporter.say(advice)
