"""`sdrrl-data card`."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data card runs/quickstart[/cyan]  write the card of a run anew, and check what it says

[cyan]sdrrl-data card runs/quickstart --licence cc-by-4.0[/cyan]  the same, where you know the licence of the rows
"""


def card(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    licence: Annotated[
        str | None,
        typer.Option(metavar="LICENCE", help="The licence of the rows, as the Hub names it, such as cc-by-4.0."),
    ] = None,
) -> None:
    """Write the card of a finished run into its folder, and check it; nothing is pushed.

    Sections of README.md that you wrote yourself stay. Every figure is counted again from the run's files.
    """
    from . import quiet

    quiet.hush()
    from sdrrl_data.cards import checking, counts, description
    from sdrrl_data.publishing import staging
    from sdrrl_data.run import opened as read_run
    from sdrrl_data.run import refuse_unfinished

    opened, manifest = read_run(run)
    refuse_unfinished(opened, manifest)
    with opened.lock():
        staging.check(opened, manifest)
        description.write(opened, manifest, licence)
        problems = checking.check(opened, manifest, counts.count)
    typer.echo(f"written  {run / description.CARD}, {description.CROISSANT} and a picture of each target's scores")
    typer.echo(
        "checked  transfer sets against their SHA-256, figures against the tables, the head by the Hub's clients"
    )
    if not problems:
        asked = checking.hub_problems(opened)
        typer.echo("asked    " + ("nobody: the Hub cannot be reached" if asked is None else "the Hub about the head"))
        problems = asked or []
    for problem in problems:
        typer.echo(f"problem: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("found    nothing wrong")
