"""`sdrrl-data export`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import completion
from .console import PlainConsole
from .examples import examples

if TYPE_CHECKING:
    from sdrrl_data.publishing.export import Exported

Format = Literal["messages", "alpaca", "sharegpt"]
EXAMPLES = examples(
    ("role and content, as in OpenAI's format", "sdrrl-data export runs/quickstart --format messages"),
    ("two targets", "sdrrl-data export runs/real --format sharegpt --tgt vi,th --out LLaMA-Factory/data"),
    ("pairs of a chosen and a rejected answer", "sdrrl-data export runs/real --format messages --preferences"),
)


def export(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    format: Annotated[
        Format,
        typer.Option(help="The format of a row. TRL needs none: it reads RUN/TARGET/transfer_set.", show_default=False),
    ],
    tgt: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGES", autocompletion=completion.languages, help="Only these targets, separated by commas."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to write to.", show_default="RUN/export-FORMAT")
    ] = None,
    preferences: Annotated[
        bool, typer.Option("--preferences", help="Write the pairs of chosen and rejected answers instead.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Write transfer sets, or their preferences, for trainers that do not read TRL's columns: LLaMA-Factory, axolotl.

    Each split of each target becomes a JSON Lines file, and LLaMA-Factory's dataset_info.json gets an entry for it. The
    lines for the configuration of LLaMA-Factory and of axolotl are printed.
    """

    from sdrrl_data.errors import UserError
    from sdrrl_data.publishing import export as library
    from sdrrl_data.run import opened, select_targets, working_folder

    from .options import split_commas

    run, manifest = opened(folder)
    if out is None and working_folder.of(folder):
        raise UserError("a run in an object store has no folder to write to: name one of this machine with --out")
    tags = select_targets(run, manifest, split_commas(tgt))
    splits = library.export(run, manifest, tags, format, out or folder / f"export-{format}", force, preferences)
    console = PlainConsole()
    written = [split for split in splits if split.rows]
    for split in written:
        console.print(f"{split.rows:>9,} rows  {split.path}", soft_wrap=True)
    for line in _notes(splits, format, preferences):
        console.print(line, soft_wrap=True)
    console.print(f"\n# LLaMA-Factory; {library.INDEX}, in the same folder, says what the files are\n", soft_wrap=True)
    console.print(_yaml(_llama_factory(written, preferences)), soft_wrap=True)
    if not (preferences and format == "alpaca"):
        console.print("\n# axolotl\n")
        console.print(_yaml(_axolotl(written, format, preferences)), soft_wrap=True)


def _notes(splits: "Sequence[Exported]", format: Format, preferences: bool) -> Iterator[str]:
    """What the format cannot express, or the trainers ignore."""
    not_alternating = sum(split.not_alternating for split in splits)
    with_system = sum(split.with_system for split in splits)
    with_history = sum(split.with_history for split in splits)
    weighted = sum(split.weighted for split in splits)
    if not_alternating and format == "messages":
        yield f"{not_alternating:,} rows do not alternate between user and assistant: LLaMA-Factory ignores them"
    elif not_alternating:
        yield (
            f"{not_alternating:,} rows are left out: they do not alternate between user and assistant, and {format} "
            "cannot express that; --format messages keeps them"
        )
    if weighted:
        yield f"{weighted:,} rows have a weight other than 1: the files have it as `weight`, but the trainers ignore it"
    if preferences:
        if format == "alpaca":
            yield "axolotl cannot read alpaca's preferences: use --format messages for axolotl"
        return
    if format == "alpaca" and (with_system or with_history):
        yield (
            f"axolotl reads neither the system prompts ({with_system:,} rows) nor the earlier turns ({with_history:,} "
            "rows) of alpaca: use --format messages for axolotl"
        )
    elif with_history:
        yield f"{with_history:,} rows have earlier answers in their prompts: axolotl trains on these answers, too"


def _llama_factory(files: "Sequence[Exported]", preferences: bool) -> dict[str, Any]:
    names = {split: ",".join(file.name for file in files if file.split == split) for split in ("train", "test")}
    lines = {
        **({"stage": "dpo", "pref_loss": "orpo"} if preferences else {}),
        "dataset_dir": str(files[0].path.parent.resolve()),
        "dataset": names["train"],
        "eval_dataset": names["test"],
    }
    # Train on the last answer only; of a pair, it is nothing else.
    masked = {"mask_history": True} if not preferences and any(file.with_history for file in files) else {}
    return {key: value for key, value in lines.items() if value} | masked


def _axolotl(files: "Sequence[Exported]", format: Format, preferences: bool) -> dict[str, Any]:
    from sdrrl_data.publishing.export import axolotl

    lists = {
        key: [axolotl(file.path, format, preferences) for file in files if file.split == split]
        for key, split in (("datasets", "train"), ("test_datasets", "test"))
    }
    return ({"rl": "dpo"} if preferences else {}) | {key: entries for key, entries in lists.items() if entries}


def _yaml(content: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)).rstrip()
