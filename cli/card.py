"""`sdrrl-data card`."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .console import say
from .examples import examples
from .options import TrustRecipe

EXAMPLES = examples(
    ("write the card of a run again, and check it", "sdrrl-data card runs/quickstart"),
    ("the same, if you know the licence of the rows", "sdrrl-data card runs/quickstart --licence cc-by-4.0"),
)


def card(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    licence: Annotated[
        str | None,
        typer.Option(
            metavar="LICENCE",
            help="The licence of the rows, as the Hub names it, such as cc-by-4.0; unknown removes one.",
        ),
    ] = None,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Write the card of a finished run into its folder, and check it. Nothing is pushed.

    Sections of README.md that you wrote yourself stay. Every figure is counted again from the run's files.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.cards import licences
    from sdrrl_data.cards.description import CROISSANT
    from sdrrl_data.models.hub import CARD
    from sdrrl_data.publishing.write_card import write_card
    from sdrrl_data.run import opened, trust_run

    if trust_recipe:
        trust_run(*opened(folder))
    checked = write_card(folder, licence=licence)
    doubts = list(licences.doubts(checked.licence if checked.licence_stays else licence))
    for doubt in doubts:
        say(f"note     {doubt}", err=True)
    say(f"written  {folder / CARD}, {CROISSANT} and a picture of each target's scores")
    say("checked  transfer sets against their SHA-256, figures against the tables, the head with the Hub's clients")
    stays = ", which the card had already; --licence unknown removes it" if checked.licence_stays else ""
    say(f"licence  {checked.licence}{stays}")
    if checked.hub_not_asked is not None:
        why = checked.hub_not_asked
        say(f"asked    {f'nobody: {why}' if why else 'the Hub about the head'}")
    for problem in checked.problems:
        say(f"problem: {problem}", err=True)
    if checked.problems:
        raise typer.Exit(1)
    say("result   no problems" + (", but the Hub does not know the licence: see the note" if doubts else ""))
