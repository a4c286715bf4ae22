"""Writes the card of a finished run into its folder, and checks it. Nothing is pushed."""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.cards import checking, description
from sdrrl_data.publishing import staging
from sdrrl_data.run import opened, refuse_unfinished


class CheckedCard(NamedTuple):
    """What is wrong with a card."""

    problems: list[str]  # sentences; empty if nothing is wrong
    hub_asked: bool  # whether the Hub read its head too; it is not asked if there are problems, or out of reach


def write_card(run: str | PathLike[str], *, licence: str | None = None) -> CheckedCard:
    """Write README.md, croissant.json and a picture of each target's scores, counted again from the run's files.

    Sections of README.md that people wrote stay.

    Args:
        run: its folder, or a `Run`.
        licence: of the dataset, as the Hub names it ("cc-by-4.0").

    Raises:
        NotARun: the folder is not a run.
        RunUnfinished: the run is not finished.
        UserError: a transfer set was changed since the run made it, or the card that is there cannot be read.
    """
    opened_run, manifest = opened(Path(run))
    refuse_unfinished(opened_run, manifest)
    with opened_run.lock():
        staging.check(opened_run, manifest)
        description.write(opened_run, manifest, licence)
        problems = checking.check(opened_run, manifest)
    hub_problems = None if problems else checking.hub_problems(opened_run)
    return CheckedCard(problems or hub_problems or [], hub_problems is not None)
