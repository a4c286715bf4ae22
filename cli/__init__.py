"""The command line: parse, call the library, show."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sdrrl_data.errors import UserError

from . import card, controls, doctor, evaluate, export, generate, inspect, languages, pull, push, recipes, train, tune
from .console import say

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data generate --recipe quickstart[/cyan]  a transfer set from English to Portuguese, without a download

[cyan]sdrrl-data inspect runs/quickstart[/cyan]  what is in a run, and its rows

[cyan]sdrrl-data tune runs/quickstart[/cyan]  its scores, and thresholds that suit them

[cyan]sdrrl-data push runs/quickstart me/my-set[/cyan]  publish it on the Hub, with its card

[cyan]sdrrl-data recipes sdrrl > mine.yaml[/cyan]  a recipe to start from

[cyan]sdrrl-data languages chin[/cyan]  the names of a language

[cyan]sdrrl-data doctor[/cyan]  what is installed and works, and how to mend the rest
"""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run a command; a mistake that the user can correct becomes one sentence instead of a traceback."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            say(f"error: {error}", err=True)
            raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=EXAMPLES,
)
app.command(epilog=generate.EXAMPLES)(generate.generate)
app.command(epilog=inspect.EXAMPLES)(inspect.inspect)
app.command(epilog=tune.EXAMPLES)(tune.tune)
app.command(epilog=card.EXAMPLES)(card.card)
app.command(epilog=push.EXAMPLES)(push.push)
app.command(epilog=pull.EXAMPLES)(pull.pull)
app.command(epilog=export.EXAMPLES)(export.export)
app.command(epilog=controls.EXAMPLES)(controls.controls)
app.command(epilog=train.EXAMPLES)(train.train)
app.command(epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command()(recipes.recipes)
app.command()(languages.languages)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)


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
) -> None:
    """Distillation datasets for multilingual language models, made from a model's own answers (SDRRL)."""


def main() -> None:
    """The entry point `sdrrl-data`."""
    app()
