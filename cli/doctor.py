"""`sdrrl-data doctor`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from .console import say
from .examples import examples

if TYPE_CHECKING:
    from sdrrl_data.doctor.check import Check

EXAMPLES = examples(
    ("what is installed and works, and what to type where something does not", "sdrrl-data doctor"),
    ("the same for a program, or for a report of a fault", "sdrrl-data doctor --json"),
)

MARKS = {"ok": "ok", "missing": "-", "broken": "BROKEN"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Look at this machine: what is installed, what works, and the command that mends what does not.

    What is not installed (-) only matters to those who need it. The exit code is 1 if something is broken.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.doctor.examine import examine

    show(examine(), as_json)


def show(checks: "Iterable[Check]", as_json: bool) -> None:
    """Print each check as soon as it is made.

    Raises:
        typer.Exit: something is broken.
    """
    import json

    from sdrrl_data.shown import escaped

    any_broken = any_missing = False
    for check in checks:
        any_broken |= check.state == "broken"
        any_missing |= check.state == "missing"
        if as_json:
            typer.echo(json.dumps(check._asdict(), ensure_ascii=False))
            continue
        say(f"{MARKS[check.state]:7} {check.name:18} {escaped(check.says)}")
        if check.remedy:
            say(f"{'':26} {escaped(check.remedy)}")
    if any_missing and not as_json:
        say(f"\n{MARKS['missing']} is not there, which only matters to those who need it; the line below mends it")
    if any_broken:
        raise typer.Exit(1)
