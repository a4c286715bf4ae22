"""`sdrrl-data preview`."""

import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import RunMismatch

from .console import PlainConsole, say
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
from .report import NAME

EXAMPLES = examples(
    ("eight questions through every step, and a page to look at", "sdrrl-data preview --recipe quickstart"),
    ("with your own settings", "sdrrl-data preview --seeds tasks.jsonl --tgt th --model org/name --rows 20"),
)


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
    from .progress import Bars
    from .quiet import silence_libraries

    with Bars() as bars:
        silence_libraries()
        from sdrrl_data.pipeline import continuing
        from sdrrl_data.recipe import overrides

        given = {
            **{"--recipe": recipe, "--src": src, "--tgt": tgt, "--seeds": seeds, "--out": out, "--model": model},
            **{"--translator": translator, "--with": overlays, "--set": changes, "--trust-recipe": trust_recipe},
        }
        options = changes_of(src, tgt, seeds, None, None, model, translator)
        settings = dict(map(overrides.parse_change, changes or []))
        out = out or Path("runs", Path(recipe or continuing.DEFAULT).stem)
        wish = continuing.read(out, recipe, options | settings, overlays or [], trust_recipe)

        from sdrrl_data.pipeline import generate as library
        from sdrrl_data.pipeline import previews
        from sdrrl_data.report.page import page
        from sdrrl_data.run import Run, unused

        from . import summary
        from .generate import show_warnings

        show_warnings(bars.say)
        for reading in readings(src, tgt):
            bars.say(reading)
        few = wish.recipe.model_copy(update={"limit": min(rows, wish.recipe.limit or rows)})
        known = [Run(out), *unused.states(Run(out)), *previews.states(out)]
        for folder in previews.folders(out):
            with suppress(RunMismatch):  # it holds one of another model, which stays
                manifest = library.generate(few, folder, reporter=bars, previews=known)
                break
    run = Run(folder)
    summary.show_results(manifest, run, PlainConsole())
    run.write_text(NAME, page(run, manifest))
    say(f"\nlook       {run.path / NAME}: open it in a browser")
    say(f"make all   {_generate(given)}")
    say("           it takes these answers and translations over; --limit N takes only N questions")


def _generate(options: Mapping[str, object]) -> str:
    """The command that makes the whole run with these options."""
    words = ["sdrrl-data", "generate"]
    for option, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [option] if one is True else [option, str(one)] if one else []
    return shlex.join(words)
