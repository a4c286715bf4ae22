"""`sdrrl-data status`."""

import shlex
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sdrrl_data.shown import rate

from .console import PlainConsole, say
from .examples import examples

if TYPE_CHECKING:
    from sdrrl_data.pipeline.status import Status, TableStatus

EXAMPLES = examples(
    ("what is finished, and who is making what", "sdrrl-data status /shared/run"),
    ("the same every few seconds, until the run is finished", "sdrrl-data status /shared/run --watch"),
    ("one line for another program", "sdrrl-data status /shared/run --json"),
)
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
    from .narrow import Column, table

    console = PlainConsole()
    run = shlex.quote(str(folder))
    console.print(f"{folder} is {status.state}", soft_wrap=True)
    if status.command:
        console.print(f"begun by   {status.command} --out {run}", soft_wrap=True)
    if status.locked_by:
        console.print(f"led by     {status.locked_by}", soft_wrap=True)
    columns = (
        Column("table"),
        Column("rows", justify="right"),
        Column("parts", leaves=3, justify="right"),
        Column("set aside", leaves=1, justify="right"),
        Column("rows/s", leaves=2, justify="right"),
        Column("time left", justify="right"),
    )
    console.print(table(columns, map(_cells, status.tables), console, gap=2))
    for work in status.working:
        part = "" if work.part is None else f" part {work.part}"
        doubt = "" if work.alive else " (not seen to work yet)"
        console.print(f"{work.table}{part}: process {work.pid} on {work.host}{doubt}", soft_wrap=True)
    if status.state == "finished":
        console.print(f"look       sdrrl-data report {run}", soft_wrap=True)
    elif not (status.locked_by or status.working):
        console.print(f"continue   sdrrl-data generate --out {run}", soft_wrap=True)


def _cells(table: "TableStatus") -> list[str]:
    left = table.seconds_left
    return [
        table.table,
        ("done" if table.parts == table.of else "to do")
        if table.rows is None
        else f"{table.rows:,} of {table.rows_wanted:,}",
        f"{table.parts:,} of {table.of:,}",
        f"{table.set_aside:,}",
        rate(table.rows_per_second) if table.rows_per_second else "",
        "" if left is None else str(timedelta(seconds=round(left))),
    ]
