"""`sdrrl-data generate`."""

import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sdrrl_data.shown import escaped

from .console import say
from .options import TrustRecipe, split_commas

if TYPE_CHECKING:
    from .progress import Bars

EXAMPLES = """
[bold]Examples[/bold]

A small run on a laptop, without a download:

[cyan]sdrrl-data generate --recipe quickstart[/cyan]

The same with a stricter filter; only what the filter changes is done again:

[cyan]sdrrl-data generate --recipe quickstart --set thresholds.similarity.min=0.85[/cyan]

A finished run with a stricter filter: all other settings stay as they are in the run:

[cyan]sdrrl-data generate --out runs/quickstart --set thresholds.similarity.min=0.85[/cyan]

One more target, which another translator makes; what is finished stays as it is:

[cyan]sdrrl-data generate --out runs/quickstart --tgt pt,th --set targets.th.translator=nllb[/cyan]

Your own questions and model, two target languages; only show what would be done:

[cyan]sdrrl-data generate --seeds tasks.jsonl --tgt vi,thai --model org/name --dry-run[/cyan]
"""


def generate(
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="What to do: a name from [cyan]sdrrl-data recipes[/cyan], or a YAML file.",
            show_default="the run's own; for a new run, sdrrl",
        ),
    ] = None,
    src: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", help="The language in which the model answers well.")
    ] = None,
    tgt: Annotated[str | None, typer.Option(metavar="LANGUAGES", help="Target languages, separated by commas.")] = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEEDS",
            help="The questions: JSONL, JSON, Parquet, CSV, TSV, text (one a line), a dataset of the Hub, or "
            "[cyan]magpie[/cyan] for questions that the model writes itself. Repeat the option to add more.",
        ),
    ] = None,
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
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="The run's folder. If it has a run, that run continues: settings that you leave out stay as they are "
            "in its recipe.yaml.",
            show_default="runs/RECIPE",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that answers: a directory, or a name on the Hub."),
    ] = None,
    translator: Annotated[
        str | None,
        typer.Option(
            metavar="TRANSLATORS",
            help="What translates, such as [cyan]nllb[/cyan] or [cyan]nllb:MODEL[/cyan]; [cyan]sdrrl-data "
            "recipes[/cyan] lists them. If you name several, separated by commas, the better translation of each text "
            "is kept.",
        ),
    ] = None,
    overlays: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="PART",
            help="A part that changes the recipe: a name from [cyan]sdrrl-data recipes[/cyan], or a YAML file, such as "
            "one from [cyan]tune --write[/cyan]. It may be repeated.",
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the recipe. It may be repeated."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what would be done, and how many tokens it takes; load no model."),
    ] = False,
    retry_set_aside: Annotated[
        bool,
        typer.Option(
            "--retry-set-aside",
            help="Ask again for every answer, and every translation by the model itself, that was set aside. Without "
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
    trust_recipe: TrustRecipe = False,
) -> None:
    """Make a transfer set: answer, translate, code-switch, score, filter, mix.

    You can stop it at any time; the same command continues with the next row.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.pipeline import continuing
    from sdrrl_data.recipe import overrides

    options = _changes(src, tgt, seeds, limit, keep, model, translator)
    settings = dict(map(overrides.parse_change, changes or []))
    out = out or Path("runs", Path(recipe or continuing.DEFAULT).stem)
    wish = continuing.read(out, recipe, options | settings, overlays or [], trust_recipe)
    _show_warnings()
    if dry_run or probe:
        from sdrrl_data.pipeline.plan import resolve
        from sdrrl_data.steps.model_pool import Models

        from . import dry_run as dry

        models = Models()
        dry.show(resolve(wish.recipe, out, models, retry_set_aside), models, measure=probe)
        return

    from sdrrl_data.pipeline import generate as library
    from sdrrl_data.pipeline import growing
    from sdrrl_data.run import Run, unused

    from . import summary
    from .progress import Bars

    before = Run(out).manifest()
    with Bars() as bars:
        manifest = library.generate(
            wish.recipe,
            out,
            reporter=bars,
            retry_set_aside=retry_set_aside,
            agreed=partial(_ask, bars, yes),
            named=wish.named,
        )
    summary.show(manifest, Run(out))
    summary.show_changes(before, manifest)
    if prune:
        say(f"pruned: {unused.prune(Run(out)) / 1e6:,.1f} MB")
    counts = manifest.counts.targets
    empty = [f"{tag}/transfer_set" for tag, target in counts.items() if not any(target.rows.values())]
    if empty:
        where = ", ".join(empty)
        say(f"error: no row is left in {where}; the tables above say what became of the rows", err=True)
        raise typer.Exit(1)
    if sentence := growing.shortfall(wish.recipe, manifest):
        say(f"error: {sentence}", err=True)
        raise typer.Exit(1)


def _ask(bars: "Bars", yes: bool, sentences: Sequence[str]) -> None:
    """Say what would be made anew and, in a terminal, ask whether to go on.

    A script is not asked and goes on: it would hang otherwise, and what is replaced is kept.

    Raises:
        typer.Abort: the answer is no.
    """
    for sentence in sentences:
        bars.say(sentence)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm("Go on? What is replaced stays in the run's folder unused.", abort=True, err=True)


def _show_warnings() -> None:
    """Show the warnings of this library as one line, each once; those of other libraries do not change."""
    from sdrrl_data.steps.seed_language import ForeignSeeds
    from sdrrl_data.steps.seeds import UnusedColumns

    of_this_library = (ForeignSeeds, UnusedColumns)
    for category in of_this_library:
        warnings.filterwarnings("once", category=category)
    show_others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **details: Any) -> None:
        if issubclass(category, of_this_library):
            say(f"warning: {escaped(str(message))}", err=True)
        else:
            show_others(message, category, *where, **details)

    warnings.showwarning = show


def _changes(
    src: str | None,
    tgt: str | None,
    seeds: list[str] | None,
    limit: int | None,
    keep: int | None,
    model: str | None,
    translator: str | None,
) -> dict[str, Any]:
    """The options, as changes of the recipe."""
    changes: dict[str, Any] = {}
    if src is not None:
        changes["src"] = src
    if tgt is not None:
        changes["tgt"] = split_commas(tgt)
    if seeds:
        changes["seeds"] = {"source": "magpie"} if seeds == ["magpie"] else [{"source": source} for source in seeds]
    if limit is not None:
        changes["limit"] = limit
    if keep is not None:
        changes["keep"] = keep
    if model is not None:
        changes["generator.model"] = model
    if translator is not None:
        changes["translator"] = [name.strip() for name in translator.split(",")]
    return changes
