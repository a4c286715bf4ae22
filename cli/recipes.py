"""`sdrrl-data recipes`."""

from typing import Annotated

import typer


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show the YAML of this recipe or part.")] = None,
) -> None:
    """List the recipes of the package and the parts that change them, or show one, to start your own from."""
    from rich.console import Console
    from rich.table import Table

    from sdrrl_data.recipe import loading

    if name:
        typer.echo(loading.text(name), nl=False)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for heading, names in (("recipe", loading.names()), ("part, for --with", loading.parts())):
        table = Table(heading, "description", box=None, pad_edge=False)
        for packaged in names:
            table.add_row(packaged, loading.about(packaged))
        console.print(table)
        console.print()
