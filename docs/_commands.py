"""The page of the commands, from Typer's own."""

import re

import typer
from typer.cli import get_docs_for_click

from sdrrl_data.cli import app

_EXAMPLES = re.compile(r"(?<=\[bold\]Examples\[/bold\]\n\n)(?:(?:\[(?:dim|cyan)\].*)?\n)+")
_MARKUP = re.compile(r"\[(cyan|bold|dim|green|yellow|red)\](.*?)\[/\1\]", re.DOTALL)


def page() -> str:
    """Every command with its options, as `--help` says them."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="sdrrl-data"), name="sdrrl-data")
    text = _MARKUP.sub(_as_markdown, _EXAMPLES.sub(_as_block, text)).replace("# `sdrrl-data`", "# Commands", 1)
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _as_block(match: re.Match[str]) -> str:
    lines = _MARKUP.sub(r"\2", match[0]).replace("\\\\", "\\").strip()
    return f"```sh\n{lines}\n```\n\n"


def _as_markdown(match: re.Match[str]) -> str:
    style, words = match.groups()
    return f"**{words}**" if style == "bold" else f"`{words}`"
