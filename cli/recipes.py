"""`sdrrl-data recipes`."""

from typing import Annotated

import typer

from . import completion
from .console import PlainConsole, say_as_it_is
from .examples import examples

EXAMPLES = examples(
    ("list all of them", "sdrrl-data recipes"),
    ("start a recipe of your own from one; `init` does so with questions", "sdrrl-data recipes sdrrl > mine.yaml"),
)


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            autocompletion=completion.recipes_and_parts,
            help="Show the YAML of this recipe or part.",
        ),
    ] = None,
) -> None:
    """List the recipes of the package, the parts that change them, and what translates, scores and so on.

    Or show one of them, to start your own from.
    """
    from rich.table import Table

    from sdrrl_data.recipe import AlignerConfig, GeneratorEngine, ScorerConfig, TranslatorConfig, loading

    if name:
        say_as_it_is(loading.text(name))
        return
    console = PlainConsole()
    for heading, names in (("recipe", loading.names()), ("part, for --with", loading.parts())):
        table = Table(heading, "description", box=None, pad_edge=False)
        for packaged in names:
            table.add_row(packaged, loading.about(packaged))
        console.print(table)
        console.print()
    for sort in (TranslatorConfig, ScorerConfig, AlignerConfig, GeneratorEngine):
        table = Table(sort.what, "description", "pip install", box=None, pad_edge=False)
        for component in sort.kinds().values():
            words = ", ".join(component.recipe_words())
            table.add_row(words, component.summary(), f"sdrrl-data[{component.extra}]" if component.extra else "")
        console.print(table)
        console.print()
    console.print("One of your own is named as module:Class, such as my_scores:Politeness.")
