"""`sdrrl-data pull`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data pull org/their-set[/cyan]  makes runs/their-set

[cyan]sdrrl-data pull org/their-set --revision v1.0 --out runs/theirs[/cyan]  as it was then, in another folder

[cyan]sdrrl-data pull org/their-set --tgt pt,vi[/cyan]  these targets alone
"""


def pull(
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="A dataset on the Hub that `push` has made.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run's folder. [default: runs/NAME]", show_default=False)
    ] = None,
    revision: Annotated[str | None, typer.Option(metavar="REV", help="A branch, a tag or a commit.")] = None,
    tgt: Annotated[
        str | None, typer.Option(metavar="LANGUAGES", help="Take these targets alone, separated by commas.")
    ] = None,
) -> None:
    """Make a run's folder from a published set, to go on from it: retune its thresholds, add a target.

    Stopped at any moment and called again, it goes on.
    """
    from . import quiet

    quiet.hush()
    from sdrrl_data.publishing import pull as library

    from .escaping import harmless
    from .progress import Bars
    from .separated import separated

    out = out or Path("runs", repo.rpartition("/")[2])
    pulled = library.pull(
        repo,
        out,
        revision=revision,
        tgt=separated(tgt),
        reporter=Bars(),
    )
    folder = shlex.quote(str(pulled.path))
    go_on = f"sdrrl-data generate --recipe {folder}/{library.RECIPE} --out {folder}"
    typer.echo(f"run        {pulled.path}: {', '.join(pulled.targets)} of {pulled.repo} at {pulled.commit}")
    if pulled.local:
        typer.echo(f"not here   {harmless(', '.join(pulled.local))}: files and directories of whoever made it")
    typer.echo(f"look at    sdrrl-data inspect {folder}")
    typer.echo(f"tune       sdrrl-data tune {folder} --write thresholds.yaml")
    typer.echo(f"retune     {go_on} --with thresholds.yaml")
    typer.echo(f"one more   {go_on} --tgt LANGUAGE")
