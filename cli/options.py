"""Options of several commands."""

from typing import Annotated

import typer

TrustRecipe = Annotated[
    bool,
    typer.Option(
        "--trust-recipe",
        help="A recipe that lies outside the working directory, or in a run that was pulled or handed over, may be "
        "somebody else's: let it run the Python code, use the servers and read the files that it names.",
    ),
]


def split_commas(text: str | None) -> list[str]:
    """The values between the commas, without empty ones; an empty list if the option is not given."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
