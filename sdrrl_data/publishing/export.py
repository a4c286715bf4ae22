"""A transfer set as files for trainers that do not read `prompt` and `completion`.

Sources: LLaMA-Factory 0.9.5, data/README.md (`dataset_info.json`, the formats alpaca, sharegpt and openai) and
data/converter.py; axolotl 0.19, docs/dataset-formats (alpaca in inst_tune, chat_template in conversation).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl

from sdrrl_data.errors import OutputExists, UserError
from sdrrl_data.protocols import Message
from sdrrl_data.run import Manifest, Run, refuse_unfinished
from sdrrl_data.run.disk import written

Format = Literal["messages", "alpaca", "sharegpt"]
SPLITS = ("train", "test")
INDEX = "dataset_info.json"  # where LLaMA-Factory looks for what a file is
ALTERNATING = r"^(system )?(user assistant )*user$"  # the roles of a prompt that every trainer takes
SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt"}


class Exported(NamedTuple):
    """What became of a split. One of which no row is left has no file."""

    name: str  # of the dataset: "sdrrl_pt_train"
    split: str
    path: Path
    rows: int  # in the file
    odd: int  # whose turns do not alternate from user to assistant: left out, except of messages
    system: int  # rows with a system prompt
    earlier: int  # rows with earlier answers in the prompt
    light: int  # rows whose weight is not 1


def export(
    run: Run, manifest: Manifest, tags: Sequence[str], format: Format, out: Path, force: bool = False
) -> list[Exported]:
    """Write the transfer sets of these targets as JSON Lines, a file a split, and their entries in `dataset_info.json`.

    Entries of other datasets that stand there stay. Where weights are not all 1, each row has a `weight`, too, which
    the trainers pass over. Each file is there whole or not at all; in memory is a shard of the transfer set at a time.

    Args:
        run: has the transfer sets.
        manifest: of the run.
        tags: of the targets.
        format: of the rows.
        out: the folder to write to.
        force: whether what is there already is written anew.

    Raises:
        UserError: the run is not finished or has no such target, or a file is there already. Nothing was written.
        Stopped: the disk refuses.
    """
    refuse_unfinished(run, manifest)
    entries = _entries(out / INDEX)
    wanted = [_split(run, tag, split, format, out) for tag in tags for split in SPLITS]
    taken = [own.path for own in wanted if own.name in entries or own.path.exists()]
    if taken and not force:
        raise OutputExists(f"{taken[0]} is there already: choose another --out, or write it anew with --force")
    for tag in tags:
        if not any(own.rows["kept"].any() for own in wanted if own.tag == tag):
            raise UserError(f"{run.path} has no row of {tag} to write as {format}")
    for own in wanted:
        entries.pop(own.name, None)
        if own.rows["kept"].any():
            _write(own, format)
            entries[own.name] = {"file_name": own.path.name, **llama_factory(format)}
        else:
            own.path.unlink(missing_ok=True)  # of an earlier export
    Run(out).write_text(INDEX, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    return [_exported(own) for own in wanted if not own.rows.is_empty()]


def llama_factory(format: Format) -> dict[str, Any]:
    """What an entry of LLaMA-Factory's `dataset_info.json` says of a file in this format, besides its name."""
    match format:
        case "alpaca":
            named = {"query": "input", "response": "output", "system": "system", "history": "history"}
            return {"columns": {"prompt": "instruction", **named}}
        case "sharegpt":
            return {"formatting": "sharegpt", "columns": {"messages": "conversations"}}
        case "messages":
            tags = {"role_tag": "role", "content_tag": "content"}
            tags |= {f"{role}_tag": role for role in SPEAKERS}
            return {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": tags}


def axolotl(path: Path, format: Format) -> dict[str, Any]:
    """An entry under `datasets:` or `test_datasets:` in axolotl's configuration."""
    entry = {"path": str(path.resolve()), "ds_type": "json", "split": "train"}  # the only one that a file has
    match format:
        case "alpaca":
            return entry | {"type": "alpaca"}
        case "sharegpt":
            names = {"role": "from", "content": "value"}
            chat = {"field_messages": "conversations", "message_property_mappings": names}
            return entry | {"type": "chat_template", **chat}
        case "messages":
            return entry | {"type": "chat_template", "field_messages": "messages"}


class _Split(NamedTuple):
    tag: str
    split: str
    name: str
    path: Path  # to write to
    files: list[Path]  # to read
    rows: pl.DataFrame  # of each row, whether it is `kept`, and what `Exported` counts


def _split(run: Run, tag: str, split: str, format: Format, out: Path) -> _Split:
    files = run.dataset_files(f"{tag}/transfer_set", split)
    roles = pl.col("prompt").list.eval(pl.element().struct.field("role")).list.join(" ")
    odd = ~roles.str.contains(ALTERNATING)
    marks = {
        "kept": pl.lit(format == "messages") | ~odd,
        "odd": odd,
        "system": roles.str.starts_with("system"),
        "earlier": roles.str.contains("assistant"),
        "light": pl.col("weight") != 1,
    }
    nothing = pl.DataFrame(schema=dict.fromkeys(marks, pl.Boolean))
    marked = [pl.read_parquet(file, columns=["prompt", "weight"]).select(**marks) for file in files]
    name = f"sdrrl_{tag.replace('-', '_')}_{split}"
    return _Split(tag, split, name, out / f"{name}.jsonl", files, pl.concat([nothing, *marked]))


def _exported(own: _Split) -> Exported:
    kept = own.rows.filter("kept")
    odd = int(own.rows["odd"].sum())
    counts = [int(kept[mark].sum()) for mark in ("system", "earlier", "light")]
    return Exported(own.name, own.split, own.path, kept.height, odd, *counts)


def _entries(path: Path) -> dict[str, Any]:
    """What `dataset_info.json` holds already."""
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        entries = None
    if not isinstance(entries, dict):
        raise UserError(f"{path} is no list of datasets as LLaMA-Factory has it: choose another --out")
    return entries


def _write(own: _Split, format: Format) -> None:
    made: Callable[[Sequence[Message]], dict[str, Any]]
    made = {"messages": _messages, "alpaca": _alpaca, "sharegpt": _sharegpt}[format]
    weighed = (own.rows["kept"] & own.rows["light"]).any()
    with written(own.path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for prompt, completion, weight in _kept(own, format):
            row = made([*prompt, *completion]) | ({"weight": weight} if weighed else {})
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _kept(own: _Split, format: Format) -> Iterator[tuple[Any, ...]]:
    """The prompt, completion and weight of each row that is kept."""
    columns = ["prompt", "completion", "weight"]
    first: list[int] = []
    if format == "alpaca":
        # `datasets` takes the type of `history` from the first rows: one that has a history goes before all others.
        first = (own.rows["kept"] & own.rows["earlier"]).arg_true().head(1).to_list()
        for number in first:
            yield from pl.scan_parquet(own.files).select(columns).slice(number, 1).collect().iter_rows()
    rows = chain.from_iterable(pl.read_parquet(file, columns=columns).iter_rows() for file in own.files)
    for number, (row, kept) in enumerate(zip(rows, own.rows["kept"], strict=True)):
        if kept and number not in first:
            yield row


def _messages(turns: Sequence[Message]) -> dict[str, Any]:
    return {"messages": turns}


def _sharegpt(turns: Sequence[Message]) -> dict[str, Any]:
    # A system prompt is the first turn, not a column: where that is empty, axolotl takes it for an empty prompt.
    return {"conversations": [{"from": SPEAKERS[turn["role"]], "value": turn["content"]} for turn in turns]}


def _alpaca(turns: Sequence[Message]) -> dict[str, Any]:
    """The last question and its answer; what came before is the history, in pairs."""
    system, turns = (turns[0]["content"], turns[1:]) if turns[0]["role"] == "system" else ("", turns)
    texts = [turn["content"] for turn in turns]
    *history, (question, answer) = zip(texts[::2], texts[1::2], strict=True)
    return {"instruction": question, "input": "", "output": answer, "system": system, "history": history}
