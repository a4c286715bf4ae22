"""`sdrrl-data languages`."""

from typing import Annotated

import typer

from sdrrl_data.errors import UserError

from . import completion
from .console import PlainConsole
from .examples import examples

EXAMPLES = examples(
    ("list all of them", "sdrrl-data languages"),
    ("find one by a part of its name, or by a code", "sdrrl-data languages chin", "sdrrl-data languages tha_Thai"),
)


def languages(
    query: Annotated[
        str,
        typer.Argument(
            metavar="LANGUAGE",
            autocompletion=completion.languages,
            help="A tag, a code, or a name or part of one.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """List the languages, or those that match a name or a part of one.

    --src and --tgt accept every name of a language.
    """
    from rich.table import Table

    from sdrrl_data.languages import search

    matches = search(query)
    if not matches:
        raise UserError(f"no language has a name like {query!r}: `sdrrl-data languages` lists them all")
    table = Table("tag", "FLORES", "fastText", "name", box=None, pad_edge=False)
    for language in matches:
        table.add_row(language.tag, language.flores, language.fasttext or "-", language.name)
    PlainConsole().print(table)
