"""`sdrrl-data export`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from sdrrl_data.publishing.export import Exported

Format = Literal["messages", "alpaca", "sharegpt"]
EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data export runs/quickstart --format messages[/cyan]  role and content, as OpenAI writes them

[cyan]sdrrl-data export runs/real --format sharegpt --tgt vi,th --out LLaMA-Factory/data[/cyan]  two targets
"""


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    format: Annotated[Format, typer.Option(help="How a row is written.", show_default=False)],
    tgt: Annotated[
        str | None, typer.Option(metavar="LANGUAGES", help="These targets alone, separated by commas.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to write to.", show_default="RUN/export-FORMAT")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write files anew that are there already.")] = False,
) -> None:
    """Write transfer sets for trainers that do not read prompt and completion: LLaMA-Factory, axolotl.

    One JSON Lines file a target and split, with the entries of LLaMA-Factory's dataset_info.json beside them; the lines
    for its configuration and for axolotl's are printed.
    """
    from rich.console import Console

    from sdrrl_data.publishing import export as library
    from sdrrl_data.run import opened as read_run

    from . import overview

    opened, manifest = read_run(run)
    tags = overview.targets(opened, manifest, tgt)
    found = library.export(opened, manifest, tags, format, out or run / f"export-{format}", force)
    console = Console(highlight=False, markup=False, emoji=False)
    files = [own for own in found if own.rows]
    for own in files:
        console.print(f"{own.rows:>9,} rows  {own.path}", soft_wrap=True)
    for line in _lost(found, format):
        console.print(line, soft_wrap=True)
    console.print(f"\n# LLaMA-Factory; {library.INDEX}, in the same folder, says what the files are\n", soft_wrap=True)
    console.print(_yaml(_llama_factory(files)), soft_wrap=True)
    console.print("\n# axolotl\n")
    console.print(_yaml(_axolotl(files, format)), soft_wrap=True)


def _lost(found: "Sequence[Exported]", format: Format) -> Iterator[str]:
    """What the format has no room for, or the trainers do not heed."""
    odd, system, earlier, light = (
        sum(counts) for counts in zip(*((own.odd, own.system, own.earlier, own.light) for own in found), strict=True)
    )
    if odd and format == "messages":
        yield f"{odd:,} rows do not go from user to assistant in turn: LLaMA-Factory passes over them"
    elif odd:
        yield (
            f"{odd:,} rows are left out: they do not go from user to assistant in turn, as {format} has it; "
            "--format messages keeps them"
        )
    if light:
        yield f"{light:,} rows have another weight than 1: the files have it as `weight`, but the trainers pass over it"
    if format == "alpaca" and (system or earlier):
        yield (
            f"axolotl reads neither the system prompts ({system:,} rows) nor the earlier turns ({earlier:,} rows) of "
            "alpaca: write --format messages for it"
        )
    elif earlier:
        yield f"{earlier:,} rows have earlier answers in their prompts: axolotl learns those, too"


def _llama_factory(files: "Sequence[Exported]") -> dict[str, Any]:
    names = {split: ",".join(own.name for own in files if own.split == split) for split in ("train", "test")}
    lines = {
        "dataset_dir": str(files[0].path.parent.resolve()),
        "dataset": names["train"],
        "eval_dataset": names["test"],
    }
    masked = {"mask_history": True} if any(own.earlier for own in files) else {}  # learn the last answer alone
    return {key: value for key, value in lines.items() if value} | masked


def _axolotl(files: "Sequence[Exported]", format: Format) -> dict[str, Any]:
    from sdrrl_data.publishing.export import axolotl

    splits = {"datasets": "train", "test_datasets": "test"}
    entries = {key: [axolotl(own.path, format) for own in files if own.split == split] for key, split in splits.items()}
    return {key: own for key, own in entries.items() if own}


def _yaml(content: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)).rstrip()
