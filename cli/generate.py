"""`sdrrl-data generate`."""

import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sdrrl_data.errors import UserError
from sdrrl_data.shown import escaped

from .console import say
from .examples import examples
from .options import (
    Changes,
    Model,
    Out,
    Overlays,
    RecipeName,
    Seeds,
    Src,
    Tgt,
    Translator,
    TrustRecipe,
    changes_of,
    readings,
)

if TYPE_CHECKING:
    from .progress import Bars


class Runner(StrEnum):
    """Where parts are made."""

    LOCAL = "local"
    RAY = "ray"


EXAMPLES = examples(
    ("a small run on a laptop, without a download", "sdrrl-data generate --recipe quickstart"),
    (
        "the same with a stricter filter; only what the filter changes is done again",
        "sdrrl-data generate --recipe quickstart --set thresholds.confidence.min=0.9",
    ),
    (
        "a finished run with a stricter filter: all other settings stay as they are in the run",
        "sdrrl-data generate --out runs/quickstart --set thresholds.confidence.min=0.9",
    ),
    (
        "one more target, which another translator makes; what is finished stays as it is",
        "sdrrl-data generate --out runs/quickstart --tgt pt,th --set targets.th.translator=nllb",
    ),
    (
        "your own questions and model, two target languages; only show what would be done",
        "sdrrl-data generate --seeds tasks.jsonl --tgt vi,thai --model org/name --dry-run",
    ),
)


def generate(
    recipe: RecipeName = None,
    src: Src = None,
    tgt: Tgt = None,
    seeds: Seeds = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many questions to take; with --keep, how many at most."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Take more and more questions, until so many pairs pass the thresholds in every target.",
        ),
    ] = None,
    out: Out = None,
    model: Model = None,
    translator: Translator = None,
    overlays: Overlays = None,
    changes: Changes = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what would be done, and how many tokens it takes; load no model."),
    ] = False,
    retry_set_aside: Annotated[
        bool,
        typer.Option(
            "--retry-set-aside",
            help="Ask again for every answer, and every translation by a language model, that was set aside. Without "
            "it, only what a server failed at is asked again.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before finished rows are made anew.")] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="In the end, delete the finished rows that the run does not use any more. Without it, they stay in "
            "its folder unused, and are used when they are wanted again.",
        ),
    ] = False,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="A dry run that also measures a few dozen rows, and shows how many hours the run will take."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="In the end, show every table of figures.")] = False,
    begin: Annotated[
        bool,
        typer.Option(
            "--begin",
            help="Only write the run's recipe and its seeds; [cyan]sdrrl-data work RUN[/cyan] then makes the rest, on "
            "as many machines as you like.",
        ),
    ] = False,
    runner: Annotated[
        Runner,
        typer.Option(
            help="Where the work is done: here, or on all nodes of a Ray cluster that share the run's folder."
        ),
    ] = Runner.LOCAL,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The Ray cluster, for [cyan]--runner ray[/cyan].",
            show_default="the one that this command runs in, or a new one on this machine",
        ),
    ] = None,
    ray_silence: Annotated[
        float,
        typer.Option(
            min=0.1,
            metavar="MINUTES",
            help="A node of the Ray cluster that finishes no row for so long counts as dead; it also has to load its "
            "models in that time.",
        ),
    ] = 30,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Make a transfer set: answer, translate, code-switch, score, filter, mix.

    You can stop it at any time; the same command continues with the next row.
    """
    from .progress import Bars
    from .quiet import silence_libraries

    with Bars(quiet) as bars:
        silence_libraries()
        from sdrrl_data.pipeline import continuing
        from sdrrl_data.recipe import overrides

        # What the recipe says is checked before the steps, and all that they need, are imported.
        options = changes_of(src, tgt, seeds, limit, keep, model, translator)
        settings = dict(map(overrides.parse_change, changes or []))
        out = out or Path("runs", Path(recipe or continuing.DEFAULT).stem)
        wish = continuing.read(out, recipe, options | settings, overlays or [], trust_recipe)

        from sdrrl_data.pipeline import generate as library
        from sdrrl_data.pipeline import growing, previews
        from sdrrl_data.pipeline import plan as planning
        from sdrrl_data.run import Run, unused
        from sdrrl_data.runners.ray_cluster import RayConfig
        from sdrrl_data.steps.model_pool import Models

        from . import dry_run as dry
        from . import summary

        tell = partial(say, err=True) if quiet else bars.say
        show_warnings(tell)
        for reading in readings(src, tgt):
            tell(reading)
        if sentence := _similar_run(out, wish.recipe.name):
            tell(sentence)
        if dry_run or probe:
            models = Models()
            plan = planning.resolve(wish.recipe, out, models, retry_set_aside)
            plan.tables.use_again([plan.run, *unused.states(plan.run), *previews.states(out)])
        else:
            before = summary.Before.of(Run(out))
            manifest = library.generate(
                wish.recipe,
                out,
                reporter=bars,
                retry_set_aside=retry_set_aside,
                agreed=partial(_ask, tell, bars, yes),
                named=wish.named,
                previews=previews.states(out),
                begin_only=begin,
                command=_command(sys.argv[1:]),
                ray=RayConfig(ray_address, ray_silence) if runner is Runner.RAY else None,
            )
    if dry_run or probe:
        dry.show(plan, models, probe, verbose)
        return
    if manifest.state != "finished":
        say(f"{out} is begun: start workers with sdrrl-data work {shlex.quote(str(out))}")
        return
    if not quiet:
        summary.show(manifest, Run(out), before, verbose)
    pruned = unused.prune(Run(out)) if prune else 0
    if prune and not quiet:
        say(f"pruned: {pruned / 1e6:,.1f} MB")
    counts = manifest.counts.targets
    empty = [f"{tag}/transfer_set" for tag, target in counts.items() if not any(target.rows.values())]
    if empty:
        say(f"error: no row is left in {', '.join(empty)}; {summary.largest_loss(manifest)}", err=True)
        raise typer.Exit(1)
    if sentence := growing.shortfall(wish.recipe, manifest):
        say(f"error: {sentence}", err=True)
        raise typer.Exit(1)


def _similar_run(out: Path, recipe: str) -> str | None:
    """A sentence if a new run has nearly the name of a run of the same recipe beside it: the name may be mistyped."""
    from sdrrl_data.run import opened
    from sdrrl_data.run.folder import MANIFEST
    from sdrrl_data.suggestions import closest

    if out.exists() or not out.parent.is_dir():
        return None
    names = [folder.name for folder in sorted(out.parent.iterdir()) if (folder / MANIFEST).is_file()]
    # A name that only goes on is meant so.
    others = [name for name in names if not (name.startswith(out.name) or out.name.startswith(name))]
    for name in closest(out.name, others, most=1, cutoff=0.8):
        with suppress(UserError):
            if opened(out.with_name(name))[1].recipe["name"] == recipe:
                return f"a new run begins in {out}; {out.with_name(name)} is another run of the recipe {recipe}"
    return None


def _command(words: Sequence[str]) -> str:
    """What was typed, without secrets, and without the run's folder, which may be moved."""
    from sdrrl_data import faults

    remaining, waiting = [], iter(words)
    for word in waiting:
        if word == "--out":
            next(waiting, None)
        elif not word.startswith("--out="):
            remaining.append(word)
    return faults.without_secrets(shlex.join(["sdrrl-data", *remaining]))


def _ask(tell: Callable[[str], object], bars: "Bars", yes: bool, sentences: Sequence[str]) -> None:
    """Say what would be made anew and, in a terminal, ask whether to go on.

    A script is not asked and goes on: it would hang otherwise, and what is replaced is kept.

    Raises:
        typer.Abort: the answer is no.
    """
    for sentence in sentences:
        tell(sentence)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        with bars.paused():
            typer.confirm("Go on? What is replaced stays in the run's folder unused.", abort=True, err=True)


def show_warnings(tell: Callable[[str], object]) -> None:
    """Show the warnings of this library as one line, each once; those of other libraries do not change."""
    from sdrrl_data.steps.seed_columns import UnusedColumns
    from sdrrl_data.steps.seed_language import ForeignSeeds

    of_this_library = (ForeignSeeds, UnusedColumns)
    for category in of_this_library:
        warnings.filterwarnings("once", category=category)
    show_others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **details: Any) -> None:
        if issubclass(category, of_this_library):
            tell(f"warning: {escaped(str(message))}")
        else:
            show_others(message, category, *where, **details)

    warnings.showwarning = show
