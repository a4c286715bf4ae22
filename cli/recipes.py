"""`sdrrl-data recipes`."""

from typing import Annotated

import typer


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show this recipe's YAML instead.")] = None,
) -> None:
    """List the recipes that come with the package, or show one as a start for your own."""
    from rich.console import Console
    from rich.table import Table

    from sdrrl_data import recipe_files

    if name:
        typer.echo(recipe_files.text(name), nl=False)
        return
    table = Table("recipe", "description", box=None, pad_edge=False)
    for known in recipe_files.names():
        table.add_row(known, recipe_files.load(known).description)
    Console(highlight=False, markup=False, emoji=False).print(table)
