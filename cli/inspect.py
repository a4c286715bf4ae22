"""`sdrrl-data inspect`."""

from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import UserError

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data inspect runs/quickstart[/cyan]  what the run is, and its tables

[cyan]sdrrl-data inspect runs/quickstart --step code_switched[/cyan]  five rows, the switched words marked

[cyan]sdrrl-data inspect runs/quickstart --id 3f2a[/cyan]  what became of one question, step by step
"""


def inspect(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="Show rows of this table, such as [cyan]code_switched[/cyan].")
    ] = None,
    tgt: Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Look at this target alone.")] = None,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="How many rows of a table to show.")] = 5,
    id: Annotated[
        str | None, typer.Option(metavar="ID", help="Show the rows whose id begins so, of every table or of one step.")
    ] = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Show the rows that were set aside instead, and why.")
    ] = False,
) -> None:
    """Look at a run: what it is, and rows of any of its tables. An unfinished run is shown as far as it is.

    The rows are drawn at random, but the same command shows the same ones.
    """
    from rich.console import Console

    from sdrrl_data.run import opened as read_run

    from . import overview
    from .rows import Wanted, show

    opened, manifest = read_run(run)
    tags = overview.targets(opened, manifest, tgt)
    names = overview.tables(opened, tags)
    console = Console(highlight=False, markup=False, emoji=False)
    if step is None and id is None and not set_aside:
        overview.show(opened, manifest, names, console)
        return
    if step is not None:
        found = [name for name in names if _means(step, name)]
        if not found:
            steps = dict.fromkeys(name.rpartition("/")[2] for name in names)
            raise UserError(f"{run} has no table {step}: it has {', '.join(steps) or 'none yet'}")
        names = found
    wanted = Wanted(rows, id, set_aside)
    shown = sum(show(opened, manifest, name, wanted, console) for name in names)
    if not shown and id is not None:
        hint = "leave out --set-aside" if set_aside else "--set-aside looks among the rows that were set aside"
        raise UserError(f"{run}: no row of {step or 'any table'} has an id that begins with {id} ({hint})")
    if not shown:
        console.print("No row was set aside." if set_aside else "There are no rows.")


def _means(step: str, table: str) -> bool:
    """Whether a table is meant by its path, its name, or, with "scores", as one of the scorers' tables."""
    name = table.rpartition("/")[2]
    return step in (table, name) or (step == "scores" and name.startswith("scores-"))
