"""The page of the commands, from Typer's own."""

import re

import typer
from typer.cli import get_docs_for_click

from sdrrl_data.cli import app

_MARKUP = re.compile(r"\[(cyan|bold|dim|green|yellow|red)\](.*?)\[/\1\]", re.DOTALL)


def page() -> str:
    """Every command with its options, as `--help` says them."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="sdrrl-data"), name="sdrrl-data")
    lines = (
        line.rstrip() for line in _MARKUP.sub(_as_markdown, text).replace("# `sdrrl-data`", "# Commands", 1).split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _as_markdown(match: re.Match[str]) -> str:
    style, words = match.groups()
    return f"**{words}**" if style == "bold" else f"`{words}`"
