"""Writes the card of a finished run into its folder, and checks it. Nothing is pushed."""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.cards import checking, description, licences
from sdrrl_data.models import hub
from sdrrl_data.publishing import staging
from sdrrl_data.run import opened, refuse_unfinished


class CheckedCard(NamedTuple):
    """What is wrong with a card."""

    problems: list[str]  # sentences; empty if nothing is wrong
    hub_not_asked: str | None  # why the Hub did not read its head, empty if it did; None: there are problems without it
    licence: str | None  # of the dataset
    licence_stays: bool  # whether that is the one that the card had before, as nothing else is known


def write_card(run: str | PathLike[str], *, licence: str | None = None) -> CheckedCard:
    """Write README.md, croissant.json and a picture of each target's scores, counted again from the run's files.

    Sections of README.md that people wrote stay.

    Args:
        run: its folder, or a `Run`.
        licence: of the dataset, as the Hub names it ("cc-by-4.0"); "unknown" removes one that the card has.

    Raises:
        NotARun: the folder is not a run.
        RunUnfinished: the run is not finished.
        UserError: a transfer set was changed since the run made it, or the card that is there cannot be read.
    """
    opened_run, manifest = opened(Path(run))
    refuse_unfinished(opened_run, manifest)
    with opened_run.lock():
        staging.check(opened_run, manifest)
        before = hub.licence_of(opened_run.path)
        description.write(opened_run, manifest, licence)
        problems = checking.check(opened_run, manifest)
    now = hub.licence_of(opened_run.path)
    stays = licence is None and now == before != "unknown" and bool(licences.unknown(manifest.ingredients))
    not_asked = None
    if not problems:
        problems, not_asked = checking.hub_problems((opened_run.path / hub.CARD).read_text(encoding="utf-8"))
    return CheckedCard(problems, not_asked, now, stays)
