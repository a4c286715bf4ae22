"""`sdrrl-data controls`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .console import PlainConsole
from .examples import examples
from .options import TrustRecipe, split_commas

if TYPE_CHECKING:
    from rich.console import Console

    from sdrrl_data.controls.arms import Controls

EXAMPLES = examples(
    ("all controls and ablations of every target", "sdrrl-data controls runs/real"),
    (
        "the same number of tokens in the target language",
        "sdrrl-data controls runs/real --only sft,t-sft,sdrrl --equal target",
    ),
    (
        "what code-switching adds; tokens are those of the model that you will train",
        "sdrrl-data controls runs/real --only sdrrl,no-code-switch --tokenizer org/model",
    ),
)


class Equal(StrEnum):
    """Which tokens are made equal."""

    TOTAL = "total"
    TARGET = "target"


def controls(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", autocompletion=completion.runs, help="The folder of a finished run.", show_default=False
        ),
    ],
    tgt: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGES",
            autocompletion=completion.languages,
            help="Only for these targets, separated by commas.",
        ),
    ] = None,
    equal: Annotated[
        Equal,
        typer.Option(help="What is made equal: all tokens of the completions, or those in the target language."),
    ] = Equal.TOTAL,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Only these controls, separated by commas: [cyan]sft[/cyan], [cyan]t-sft[/cyan], "
            "[cyan]respond[/cyan], [cyan]sdrrl[/cyan], [cyan]no-code-switch[/cyan], [cyan]no-crossing[/cyan], "
            "[cyan]no-parallel[/cyan], [cyan]no-self-answers[/cyan], [cyan]no-tgt-src[/cyan], "
            "[cyan]no-complete[/cyan], [cyan]pivot[/cyan], [cyan]contrast[/cyan].",
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
    trust_recipe: TrustRecipe = False,
) -> None:
    """Make datasets to compare the transfer set with: the same seeds, the same number of tokens, one thing changed.

    [cyan]sft[/cyan]: questions with the seeds' reference answers; [cyan]t-sft[/cyan]: both translated;
    [cyan]respond[/cyan]: translated questions with the model's own answers to them (if the run has direct answers);
    [cyan]sdrrl[/cyan]: the transfer set; [cyan]no-…[/cyan]: it without one of its ingredients; [cyan]pivot[/cyan],
    [cyan]contrast[/cyan]: it with further rows. References are translated once, by the translator of the run.
    """
    from . import quiet

    quiet.silence_libraries()

    from sdrrl_data.controls import build as library
    from sdrrl_data.run import opened, trust_run

    from .progress import Bars

    run, manifest = opened(folder)
    if trust_recipe:
        trust_run(run, manifest)
    with Bars() as bars:
        by_tag = library.make(
            run, manifest, split_commas(tgt), split_commas(only), equal.value, tokenizer, reporter=bars
        )
    console = PlainConsole()
    for tag, target_controls in by_tag.items():
        _show(folder, tag, target_controls, console)
        aside = run.table(f"{tag}/references").set_aside().height
        if aside:
            console.print(f"not translated: {aside} of the references; {folder}/{tag}/set_aside/references says why")


def _show(folder: Path, tag: str, controls: "Controls", console: "Console") -> None:
    """Print the figures of one target's controls."""
    from rich.table import Table

    from sdrrl_data.run import provenance
    from sdrrl_data.shown import escaped

    table = Table(box=None, pad_edge=False)
    table.add_column("control", no_wrap=True)
    for heading in ("train rows", "test rows", "seeds", "tokens", f"in {tag}", "share"):
        table.add_column(heading, justify="right")
    for name, arm in controls.arms.items():
        tokens, target = arm.tokens["train"], arm.target_tokens["train"]
        numbers = (arm.rows["train"], arm.rows["test"], arm.seeds["train"], tokens, target)
        table.add_row(name, *(f"{number:,}" for number in numbers), f"{target / max(tokens, 1):.1%}")
    console.print(f"\n{folder}/{tag}/controls-NAME", style="bold")
    console.print(table)
    console.print("seeds and tokens (of completions) are those of the train split")
    kind = "completion tokens" if controls.equal == "total" else f"completion tokens in {tag}"
    budget = ", ".join(f"{split} {tokens:,}" for split, tokens in controls.budget.items())
    far = [name for name, arm in controls.arms.items() if not arm.is_near(controls.budget)]
    held = "wanted" if far else "equal"
    console.print(
        f"{held}: {kind} ({budget}), as near as whole rows allow, from {controls.seeds:,} seeds", soft_wrap=True
    )
    if far:
        console.print(
            f"not equal: {', '.join(far)}, whose rows are too long for so few tokens: more seeds make them equal",
            soft_wrap=True,
        )
    others = [name for name, arm in controls.arms.items() if arm.equal != controls.equal]
    if others:
        console.print(
            f"{', '.join(others)}: no tokens in {tag}, so all their tokens are made equal to these", soft_wrap=True
        )
    console.print(f"tokens are those of {escaped(controls.tokenizer)}", soft_wrap=True)
    console.print(f"signature  {provenance.digest(controls.signature)}", soft_wrap=True)
