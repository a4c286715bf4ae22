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
        typer.Option(metavar="LICENCE", help="The licence of the rows, as the Hub names it, such as cc-by-4.0."),
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
    for doubt in licences.doubts(licence):
        say(f"note     {doubt}", err=True)
    checked = write_card(folder, licence=licence)
    say(f"written  {folder / CARD}, {CROISSANT} and a picture of each target's scores")
    say("checked  transfer sets against their SHA-256, figures against the tables, the head with the Hub's clients")
    if checked.hub_asked or not checked.problems:
        say(f"asked    {'the Hub about the head' if checked.hub_asked else 'nobody: the Hub cannot be reached'}")
    for problem in checked.problems:
        say(f"problem: {problem}", err=True)
    if checked.problems:
        raise typer.Exit(1)
    say("result   no problems")
