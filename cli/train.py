"""`sdrrl-data train`."""

import sys
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .console import PlainConsole, say
from .examples import examples

if TYPE_CHECKING:
    from sdrrl_data.training.plan import TrainingPlan
    from sdrrl_data.training.train import Trained

EXAMPLES = examples(
    (
        "an adapter, from a run; if it is stopped, the same with --resume continues",
        "sdrrl-data train runs/real --tgt vi --model Qwen/Qwen2.5-7B-Instruct --out models/vi",
    ),
    (
        "the same from what was published",
        "sdrrl-data train org/name --tgt vi --model Qwen/Qwen2.5-7B-Instruct --out models/vi",
    ),
    (
        "all weights, half of the translations, and a tenth of the rows in the source language",
        "sdrrl-data train runs/real --model org/model --out models/full --set method=full "
        "--set weights.translate=0.5 --set replay.share=0.1",
    ),
    (
        "first what to answer, then in which language",
        "sdrrl-data train runs/real --tgt vi --model org/model --out models/sft",
        "sdrrl-data train runs/real --tgt vi --model org/model --objective orpo --adapter models/sft --out models/orpo",
    ),
    (
        "print the command for all GPUs of this machine",
        "sdrrl-data train runs/real --model org/model --out models/vi --accelerate fsdp",
    ),
)


class Track(StrEnum):
    """Where the figures of a training are recorded."""

    comet = "comet"
    tensorboard = "tensorboard"


class Aim(StrEnum):
    """What a training aims at."""

    sft = "sft"
    dpo = "dpo"
    orpo = "orpo"
    kto = "kto"
    sdft = "sdft"


class Accelerate(StrEnum):
    """How several devices share the work."""

    ddp = "ddp"
    fsdp = "fsdp"
    deepspeed = "deepspeed"


def train(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="A dataset on the Hub, a run's folder, a Parquet file, or a folder or a glob of Parquet files.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL", help="The model to train: a directory, or a name on the Hub.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to.", show_default=False)],
    tgt: Annotated[
        str | None,
        typer.Option(metavar="LANGUAGE", autocompletion=completion.languages, help="The target language to train on."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="CONFIG",
            help="Instead, a config of the dataset: a control such as [cyan]pt-sft[/cyan], or [cyan]all[/cyan].",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(metavar="REVISION", help="Revision of the dataset on the Hub: a branch, tag or commit."),
    ] = None,
    model_revision: Annotated[
        str | None, typer.Option(metavar="REVISION", help="Revision of the model on the Hub: a branch, tag or commit.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(metavar="FILE", help="How to train it (YAML).")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            autocompletion=completion.training_keys,
            help="Change a value of the settings, such as [cyan]max_steps=100[/cyan]; may be repeated. "
            "docs/reference/training.md lists them.",
        ),
    ] = None,
    objective: Annotated[
        Aim | None,
        typer.Option(
            help="What is learned: completions ([cyan]sft[/cyan], the default); the preferences of a run; or "
            "[cyan]sdft[/cyan], on policy.",
            show_default=False,
        ),
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(
            metavar="ADAPTER",
            help="Begin with this adapter of the model, and train it on: a folder, or a name on the Hub.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the last complete checkpoint in DIR.")
    ] = False,
    track: Annotated[
        list[Track] | None,
        typer.Option(
            metavar="<comet|tensorboard>",
            help="Record the figures there, too; comet without an API key writes an archive. May be repeated.",
        ),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write a whole model, with the adapter merged into it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the rows, the tokens and the steps; load no weights.")
    ] = False,
    accelerate: Annotated[
        Accelerate | None, typer.Option(help="Print the command that trains on all GPUs, and exit.")
    ] = None,
) -> None:
    """Fine-tune a model on a transfer set, or on its preferences: LoRA, QLoRA or all weights.

    If it is stopped, the same command with --resume continues from the last checkpoint.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.recipe import overrides
    from sdrrl_data.training import launching, settings_files
    from sdrrl_data.training.plan import TrainingJob, is_first, prepare

    changed = dict(overrides.parse_change(text, example="lora.rank=8") for text in changes or [])
    loaded = settings_files.load(settings, changed | ({"objective": objective.value} if objective else {}))
    if accelerate:
        arguments = _without_accelerate(sys.argv[sys.argv.index("train") + 1 :])
        say(launching.command(accelerate.value, arguments))
        return
    if dry_run:
        job = TrainingJob(dataset, model, out, loaded, tgt, config, revision, model_revision, merge, adapter)
        _show_plan(prepare(job))
        return
    from sdrrl_data.training.train import train as train_it

    from .progress import Bars

    try:
        # Closed, the bar stays as it is: a training that stops early is not shown as done to the end.
        with closing(Bars()) as bars:
            trained = train_it(
                dataset,
                model,
                out,
                tgt=tgt,
                config=config,
                revision=revision,
                model_revision=model_revision,
                settings=loaded,
                adapter=adapter,
                merge=merge,
                resume=resume,
                reporter=bars,
                trackers=[tracker.value for tracker in track or []],
            )
    except KeyboardInterrupt:
        say("stopped; the checkpoints are kept: run the same command with --resume to continue", err=True)
        raise typer.Exit(130) from None
    if is_first():
        _show(trained, out)


def _without_accelerate(arguments: list[str]) -> list[str]:
    others = []
    words = iter(arguments)
    for word in words:
        if word == "--accelerate":
            next(words, None)
        elif not word.startswith("--accelerate="):
            others.append(word)
    return others


def _show_plan(plan: "TrainingPlan") -> None:
    from rich.table import Table

    from sdrrl_data.run import provenance

    console = PlainConsole()
    table = Table("task", "direction", box=None, pad_edge=False)
    for heading in ("rows", "drawn"):
        table.add_column(heading, justify="right")
    rows = plan.train.table
    drawn = rows[plan.order].group_by("task", "direction").len("drawn")
    kinds = rows.group_by("task", "direction").len("rows").join(drawn, on=["task", "direction"], how="left")
    for task, direction, count, taken in kinds.sort("task", "direction").iter_rows():
        table.add_row(task, direction, f"{count:,}", f"{taken or 0:,}")
    console.print(table)
    console.print()
    for name, split in (("train", plan.train), ("test", plan.test)):
        console.print(f"{name:<10} {split.table.height:,} rows", soft_wrap=True)
        for reason, count in split.dropped.items():
            console.print(f"           {count:,} rows left out: {reason}", soft_wrap=True)
        if split.cut:
            console.print(f"           {split.cut:,} rows cut at {plan.limit:,} tokens", soft_wrap=True)
        if split.reasoning_lost:
            console.print(
                f"           {split.reasoning_lost:,} rows without their reasoning: the chat template leaves it out",
                soft_wrap=True,
            )
    unit = "packs" if plan.settings.packing else "rows"
    at_most = "at most " if plan.settings.patience else ""
    console.print(f"tokens     {plan.tokens:,} over all epochs")
    console.print(f"steps      {at_most}{plan.steps:,} of {plan.batch:,} {unit}")
    console.print(f"objective  {plan.settings.objective}", soft_wrap=True)
    console.print(f"model      {plan.identity.model}", soft_wrap=True)
    if plan.identity.adapter:
        console.print(f"adapter    {plan.identity.adapter}", soft_wrap=True)
    console.print(f"dataset    {plan.identity.dataset}", soft_wrap=True)
    for signature in plan.source.signatures:
        console.print(f"signature  {provenance.digest(signature)}", soft_wrap=True)


def _show(trained: "Trained", out: Path) -> None:
    from rich.table import Table

    from sdrrl_data.training.losses import by_kind, together

    console = PlainConsole()
    before, after = trained.losses.get(0), trained.losses.get(trained.best)
    if before and after:
        was, is_ = ({"all": together(losses), **by_kind(losses)} for losses in (before, after))
        figures = list(is_["all"].named())
        table = Table("test split" if len(figures) > 1 else "test split, nats a token", box=None, pad_edge=False)
        for figure in figures:
            for heading in ("before", "after"):
                table.add_column(f"{figure} {heading}" if len(figures) > 1 else heading, justify="right")
        for kind in is_:
            pairs = zip(was[kind].named().values(), is_[kind].named().values(), strict=True)
            table.add_row(kind, *(f"{value:.4f}" for pair in pairs for value in pair))
        console.print(table)
        console.print()
    console.print(f"written    {out} (after step {trained.best} of {trained.steps})", soft_wrap=True)
