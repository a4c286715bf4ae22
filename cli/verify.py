"""`sdrrl-data verify`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.shown import escaped

from .console import say
from .examples import examples
from .options import TrustRecipe

EXAMPLES = examples(
    ("read every file of a run again, and name those that are damaged", "sdrrl-data verify runs/quickstart"),
    ("move these away, and make them again", "sdrrl-data verify runs/quickstart --repair"),
)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Move damaged files into the run's folder damaged, and make them again. All other rows stay.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Read every file of a run again, and compare it with its digest.

    The exit code is 1 if a file is damaged, was changed or is gone, and could not be made again.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.pipeline import continuing
    from sdrrl_data.pipeline.generate import generate
    from sdrrl_data.run import Run, opened, verifying

    from .progress import Bars

    run = Run(folder)
    manifest = run.manifest() or opened(folder)[1]  # which says why there is none
    damages = list(verifying.damages(run, manifest))
    moved: list[str] = []
    left, unneeded = damages, list[verifying.Damage]()
    is_unfinished = manifest.state != "finished"
    if repair and (damages or (is_unfinished and (folder / verifying.FOLDER).is_dir())):  # or it was stopped before
        wish = continuing.read(folder, None, trust=trust_recipe)
        moved = verifying.move_away(run, damages)
        with Bars() as bars:
            manifest = generate(wish.recipe, folder, reporter=bars, named=wish.named)
        is_unfinished = False
        left, unneeded = list(verifying.still(run, manifest, damages)), list(verifying.unneeded(run, damages))
    if as_json:
        found = {"damaged": [damage._asdict() for damage in damages], "moved": moved}
        json.dump(found | {"left": [damage._asdict() for damage in left]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for damage in damages:
            say(f"{escaped(damage.path)} {damage.problem}", err=True)
        for path in moved:
            say(f"moved to {escaped(path)}")
        for damage in unneeded:
            say(f"{escaped(damage.path)} {damage.problem}")
        for damage in left if repair else []:
            say(f"error: {escaped(damage.path)} {damage.problem}", err=True)
        if not damages:
            say("no file is damaged")
        elif not left:
            say("all others were made again" if unneeded else "all of them were made again")
        elif not repair:
            say("restore them from a copy, or add --repair, which moves them away and makes them again", err=True)
        if is_unfinished:
            say(f"the run is not finished: {run.command} goes on")
    if left:
        raise typer.Exit(1)
