"""The command line: parse, call the library, show."""

import os
from typing import Annotated

import typer

from . import (
    card,
    controls,
    doctor,
    evaluate,
    export,
    generate,
    init,
    inspect,
    languages,
    preview,
    pull,
    push,
    recipes,
    report,
    status,
    train,
    tune,
    verify,
    work,
)
from .boundary import Command, Commands
from .console import say
from .examples import examples

EXAMPLES = examples(
    ("a transfer set from English to Portuguese, without a download", "sdrrl-data generate --recipe quickstart"),
    ("what is in a run, and its rows", "sdrrl-data inspect runs/quickstart"),
    ("the same as a page, for a browser", "sdrrl-data report runs/quickstart"),
    ("its scores, and thresholds that suit them", "sdrrl-data tune runs/quickstart"),
    ("publish it on the Hub, with its card", "sdrrl-data push runs/quickstart me/my-set"),
    ("a recipe of your own to start from", "sdrrl-data init mine.yaml --tgt th"),
    ("the names of a language", "sdrrl-data languages chin"),
    ("what is installed and works, and how to mend the rest", "sdrrl-data doctor"),
)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=EXAMPLES,
)
app.command(cls=Command, epilog=init.EXAMPLES)(init.init)
app.command(cls=Command, epilog=generate.EXAMPLES)(generate.generate)
app.command(cls=Command, epilog=preview.EXAMPLES)(preview.preview)
app.command(cls=Command, epilog=work.EXAMPLES)(work.work)
app.command(cls=Command, epilog=status.EXAMPLES)(status.status)
app.command(cls=Command, epilog=inspect.EXAMPLES)(inspect.inspect)
app.command(cls=Command, epilog=report.EXAMPLES)(report.report)
app.command(cls=Command, epilog=tune.EXAMPLES)(tune.tune)
app.command(cls=Command, epilog=card.EXAMPLES)(card.card)
app.command(cls=Command, epilog=verify.EXAMPLES)(verify.verify)
app.command(cls=Command, epilog=push.EXAMPLES)(push.push)
app.command(cls=Command, epilog=pull.EXAMPLES)(pull.pull)
app.command(cls=Command, epilog=export.EXAMPLES)(export.export)
app.command(cls=Command, epilog=controls.EXAMPLES)(controls.controls)
app.command(cls=Command, epilog=train.EXAMPLES)(train.train)
app.command(cls=Command, epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(cls=Command, epilog=recipes.EXAMPLES)(recipes.recipes)
app.command(cls=Command, epilog=languages.EXAMPLES)(languages.languages)
app.command(cls=Command, epilog=doctor.EXAMPLES)(doctor.doctor)


def _version(show: bool) -> None:
    if show:
        from sdrrl_data import __version__

        say(f"sdrrl-data {__version__}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    json_lines: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print lines of JSON: what the command shows on stdout, and progress and messages on stderr.",
        ),
    ] = False,
    tracebacks: Annotated[bool, typer.Option("--verbose", help="Also print the traceback of an error.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print no colours, as with NO_COLOR=1.")] = False,
) -> None:
    """Distillation datasets for multilingual language models, made from a model's own answers (SDRRL)."""
    if no_color:
        os.environ["NO_COLOR"] = "1"


def main() -> None:
    """The entry point `sdrrl-data`."""
    app()
