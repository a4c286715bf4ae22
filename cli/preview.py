"""`sdrrl-data preview`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import RunMismatch

from .console import PlainConsole, say
from .options import Changes, Model, Out, Overlays, RecipeName, Seeds, Src, Tgt, Translator, TrustRecipe, changes_of
from .report import NAME

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data preview --recipe quickstart[/cyan]  eight questions through every step, and a page to look at

[cyan]sdrrl-data preview --seeds tasks.jsonl --tgt th --model org/name --rows 20[/cyan]  with your own settings
"""


def preview(
    recipe: RecipeName = None,
    src: Src = None,
    tgt: Tgt = None,
    seeds: Seeds = None,
    out: Out = None,
    model: Model = None,
    translator: Translator = None,
    overlays: Overlays = None,
    changes: Changes = None,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="How many questions to take.")] = 8,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Send a few questions through every step, and show what comes out: judge before you spend.

    It takes the options of `generate`, and leaves the run alone: what it makes is in the folder RUN-preview. `generate`
    with the same options takes the answers and translations from there.
    """
    from .quiet import silence_libraries

    silence_libraries()
    from sdrrl_data.pipeline import continuing
    from sdrrl_data.pipeline import generate as library
    from sdrrl_data.recipe import overrides
    from sdrrl_data.report.page import page
    from sdrrl_data.run import Run

    from . import summary
    from .generate import show_warnings
    from .progress import Bars

    options = changes_of(src, tgt, seeds, None, None, model, translator)
    settings = dict(map(overrides.parse_change, changes or []))
    out = out or Path("runs", Path(recipe or continuing.DEFAULT).stem)
    wish = continuing.read(out, recipe, options | settings, overlays or [], trust_recipe)
    show_warnings()
    few = wish.recipe.model_copy(update={"limit": min(rows, wish.recipe.limit or rows)})
    run = Run(preview_of(out))
    with Bars() as bars:
        try:
            manifest = library.generate(few, run.path, reporter=bars)
        except RunMismatch:  # an earlier preview was of another model: it has served its purpose
            shutil.rmtree(run.path)
            manifest = library.generate(few, run.path, reporter=bars)
    summary.show_results(manifest, run, PlainConsole())
    run.write_text(NAME, page(run, manifest))
    say(f"\nlook       {run.path / NAME}: open it in a browser")
    say("make all   the same options with `sdrrl-data generate`: it takes these answers and translations over")


def preview_of(out: Path) -> Path:
    """The folder of the preview of a run."""
    return out.with_name(f"{out.name}-preview")
