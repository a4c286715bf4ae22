"""`sdrrl-data status`."""

import shlex
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import PlainConsole, say

if TYPE_CHECKING:
    from sdrrl_data.pipeline.status import Status

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data status /shared/run[/cyan]  what is finished, and who is making what

[cyan]sdrrl-data status /shared/run --watch[/cyan]  the same every few seconds, until the run is finished

[cyan]sdrrl-data status /shared/run --json[/cyan]  one line for another program
"""
SECONDS = 5.0  # between two looks


def status(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every few seconds, until the run is finished.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one line of JSON.")] = False,
) -> None:
    """Show how far a run is: what is finished, set aside, being made and where; how fast, and how long it will take.

    It reads only the run's folder, so that it works on any machine that sees it, and changes nothing.
    """
    import json
    from dataclasses import asdict

    from sdrrl_data.pipeline import status as library
    from sdrrl_data.run import opened
    from sdrrl_data.run.leases import Leases

    leases = Leases()
    while True:
        run, manifest = opened(folder)
        now = library.status(run, manifest, leases)
        if as_json:
            say(json.dumps(asdict(now), ensure_ascii=False))
        else:
            _show(folder, now)
        if not watch or now.state == "finished":
            return
        time.sleep(SECONDS)
        run.look()


def _show(folder: Path, status: "Status") -> None:
    from rich.table import Table

    console = PlainConsole()
    console.print(f"{folder} is {status.state}", soft_wrap=True)
    if status.command:
        console.print(f"begun by   {status.command} --out {shlex.quote(str(folder))}", soft_wrap=True)
    if status.locked_by:
        console.print(f"led by     {status.locked_by}", soft_wrap=True)
    shown = Table(box=None, pad_edge=False)
    shown.add_column("table", overflow="fold")
    for heading in ("parts", "set aside", "rows/s", "time left"):
        shown.add_column(heading, justify="right")
    for table in status.tables:
        shown.add_row(
            table.table,
            f"{table.parts} of {table.of}",
            str(table.set_aside),
            f"{table.rows_per_second:,.1f}" if table.rows_per_second else "",
            str(timedelta(seconds=round(table.seconds_left))) if table.seconds_left is not None else "",
        )
    console.print(shown)
    for work in status.working:
        part = "" if work.part is None else f" part {work.part}"
        doubt = "" if work.alive else " (not seen to work yet)"
        console.print(f"{work.table}{part}: process {work.pid} on {work.host}{doubt}", soft_wrap=True)
