"""`sdrrl-data init`."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import OutputExists, UserError

from . import completion
from .console import say
from .options import split_commas

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data init[/cyan]  a few questions, and mine.yaml

[cyan]sdrrl-data init th.yaml --seeds tasks.jsonl --tgt th --model org/name --no-gpu[/cyan]  without questions
"""


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to write.")] = Path("mine.yaml"),
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="SEEDS",
            help="The questions: a file, a dataset of the Hub, or [cyan]magpie[/cyan].",
            show_default="the dataset of the recipe sdrrl",
        ),
    ] = None,
    src: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGE",
            autocompletion=completion.languages,
            help="The language in which the model answers well.",
            show_default="English",
        ),
    ] = None,
    tgt: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGES",
            autocompletion=completion.languages,
            help="Target languages, separated by commas.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that answers.", show_default="that of the recipe sdrrl"),
    ] = None,
    translator: Annotated[
        str | None,
        typer.Option(
            metavar="TRANSLATOR",
            autocompletion=completion.translators,
            help="What translates.",
            show_default="that of the recipe sdrrl",
        ),
    ] = None,
    gpu: Annotated[
        bool | None,
        typer.Option(
            "--gpu/--no-gpu",
            help="Whether the run will have a GPU; without one, COMET does not judge.",
            show_default="what this machine has",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
) -> None:
    """Write a commented recipe of your own. In a terminal, it asks for what the options do not say."""
    if path.exists() and not force:
        raise OutputExists(f"{path} exists already: choose another file, or overwrite it with --force")

    from sdrrl_data import languages
    from sdrrl_data.recipe import loading, starting

    gpu = shutil.which("nvidia-smi") is not None if gpu is None else gpu
    if sys.stdin.isatty() and sys.stdout.isatty():
        base = loading.load(starting.BASE)
        seeds = seeds or _asked("Questions: a file, a dataset of the Hub, or magpie", starting.SEEDS)
        src = src or _asked("Language in which the model answers well", "en")
        tgt = tgt or _asked("Target languages, separated by commas", ",".join(base.tgt))
        model = model or _asked("Model that answers: a directory, or a name on the Hub", str(base.generator.model))
    if not tgt:
        raise UserError("name the target languages with --tgt")
    source = languages.find(src or "en")
    targets = [languages.find(name) for name in split_commas(tgt)]
    if seeds and os.path.exists(seeds):  # a path in a recipe is relative to the recipe
        seeds = os.path.relpath(seeds, path.parent)
    tags = [target.tag for target in targets]
    text = starting.recipe(path.stem, source.tag, tags, seeds, model, translator, comet=gpu)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): choose another file") from None
    loading.load(path)  # whatever is wrong with an answer is said now
    recipe = shlex.quote(str(path))
    say(f"written    {path}: {source.name} to {', '.join(target.name for target in targets)}; read and change it")
    say(f"look       sdrrl-data preview --recipe {recipe}")
    say(f"make all   sdrrl-data generate --recipe {recipe}")


def _asked(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default))
