"""`sdrrl-data languages`."""

from typing import Annotated

import typer

from sdrrl_data.errors import UserError


def languages(
    query: Annotated[str, typer.Argument(help="A tag, a code, or a name or part of one.")] = "",
) -> None:
    """List the languages, or those that a half-known name may mean.

    --src and --tgt take any of a language's names.
    """
    from rich.console import Console
    from rich.table import Table

    from sdrrl_data.languages import search

    found = search(query)
    if not found:
        raise UserError(f"no language is called anything like {query!r}: `sdrrl-data languages` lists them all")
    table = Table("tag", "FLORES", "fastText", "name", box=None, pad_edge=False)
    for language in found:
        table.add_row(language.tag, language.flores, language.fasttext or "-", language.name)
    Console(highlight=False, markup=False, emoji=False).print(table)
