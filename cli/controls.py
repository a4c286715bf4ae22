"""`sdrrl-data controls`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from sdrrl_data.controls.arms import Controls

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data controls runs/real[/cyan]  all controls and ablations of every target

[cyan]sdrrl-data controls runs/real --only sft,t-sft,sdrrl --equal target[/cyan]  as many tokens in the target language

[cyan]sdrrl-data controls runs/real --only sdrrl,no-code-switch --tokenizer org/model[/cyan]  what code-switching adds,
counted by the model that is to be trained
"""


class Equal(StrEnum):
    """Which tokens are held equal."""

    TOTAL = "total"
    TARGET = "target"


def controls(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
    tgt: Annotated[
        str | None,
        typer.Option(metavar="LANGUAGES", help="For these targets alone, separated by commas."),
    ] = None,
    equal: Annotated[
        Equal,
        typer.Option(help="What is held equal: all tokens of the completions, or those in the target language."),
    ] = Equal.TOTAL,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="These alone, separated by commas: [cyan]sft[/cyan], [cyan]t-sft[/cyan], [cyan]sdrrl[/cyan], "
            "[cyan]no-code-switch[/cyan], [cyan]no-crossing[/cyan], [cyan]no-parallel[/cyan], "
            "[cyan]no-self-answers[/cyan].",
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The model whose tokenizer counts: a directory, or a name on the Hub.",
            show_default="the generator's",
        ),
    ] = None,
) -> None:
    """Make what the transfer set is to be compared with: the same seeds, as many tokens, one thing changed.

    [cyan]sft[/cyan]: questions with the seeds' reference answers; [cyan]t-sft[/cyan]: both translated;
    [cyan]sdrrl[/cyan]: the transfer set; and what is left of it without one of its ingredients. References are
    translated once, by the run's own translator.
    """
    from . import quiet

    quiet.hush()
    from rich.console import Console

    from sdrrl_data.controls import build as library
    from sdrrl_data.run import opened as read_run

    from . import overview
    from .progress import Bars
    from .separated import separated

    opened, manifest = read_run(run)
    tags = overview.targets(opened, manifest, tgt)
    try:
        with Bars() as bars:
            made = library.make(opened, manifest, tags, separated(only), equal.value, tokenizer, reporter=bars)
    except KeyboardInterrupt:
        typer.echo("stopped; what is finished is kept: run the same command again to go on", err=True)
        raise typer.Exit(130) from None
    console = Console(highlight=False, markup=False, emoji=False)
    for tag, found in made.items():
        _show(run, tag, found, console)
        aside = opened.table(f"{tag}/references").set_aside().height
        if aside:
            console.print(f"not translated: {aside} of the references; {run}/{tag}/set_aside/references says why")


def _show(run: Path, tag: str, found: "Controls", console: "Console") -> None:
    """Print the figures of one target's controls."""
    from rich.table import Table

    from .escaping import harmless

    table = Table(box=None, pad_edge=False)
    table.add_column("control", no_wrap=True)
    for heading in ("train rows", "test rows", "seeds", "tokens", f"in {tag}", "share"):
        table.add_column(heading, justify="right")
    for name, arm in found.arms.items():
        tokens, target = arm.tokens["train"], arm.target_tokens["train"]
        numbers = (arm.rows["train"], arm.rows["test"], arm.seeds["train"], tokens, target)
        table.add_row(name, *(f"{number:,}" for number in numbers), f"{target / max(tokens, 1):.1%}")
    console.print(f"\n{run}/{tag}/controls-NAME", style="bold")
    console.print(table)
    console.print("seeds and tokens (of completions) are those of train")
    kind = "completion tokens" if found.equal == "total" else f"completion tokens in {tag}"
    budget = ", ".join(f"{split} {tokens:,}" for split, tokens in found.budget.items())
    console.print(
        f"held equal: {kind} ({budget}), as near as whole rows come, of {found.seeds:,} seeds", soft_wrap=True
    )
    others = [name for name, arm in found.arms.items() if arm.equal != found.equal]
    if others:
        console.print(
            f"{', '.join(others)}: none in {tag}, so all their tokens are held equal to these", soft_wrap=True
        )
    console.print(f"tokens are those of {harmless(found.tokenizer)}", soft_wrap=True)
    console.print(f"signature  {harmless(found.signature)}", soft_wrap=True)
