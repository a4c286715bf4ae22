"""A transfer set, or its preferences, as files for trainers that do not read TRL's columns.

Sources: LLaMA-Factory 0.9.5, data/README.md (`dataset_info.json`, the formats alpaca, sharegpt and openai, each also
with `ranking`) and data/converter.py; axolotl 0.19, docs/dataset-formats (alpaca in inst_tune, chat_template in
conversation), docs/rlhf and prompt_strategies/dpo/chat_template.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl

from sdrrl_data.errors import OutputExists, UserError
from sdrrl_data.protocols import Message
from sdrrl_data.run import Manifest, Run, refuse_unfinished
from sdrrl_data.run.dataset import PREFERENCES, SPLITS, TRANSFER_SET
from sdrrl_data.run.disk import read_parquet, written

Format = Literal["messages", "alpaca", "sharegpt"]
INDEX = "dataset_info.json"  # where LLaMA-Factory looks up what a file is
ALTERNATING = r"^(system )?(user assistant )*user$"  # the roles of a prompt that every trainer reads
ANSWERS = ("chosen", "rejected")
SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt"}


class Exported(NamedTuple):
    """The result for one split. If no row of it is left, it has no file."""

    name: str  # of the dataset: "sdrrl_pt_train", or "sdrrl_pt_preferences_train"
    split: str
    path: Path
    rows: int  # in the file
    not_alternating: int  # rows whose turns do not alternate from user to assistant: only `messages` keeps them
    with_system: int  # rows with a system prompt
    with_history: int  # rows with earlier answers in the prompt
    weighted: int  # rows whose weight is not 1


def export(
    run: Run,
    manifest: Manifest,
    tags: Sequence[str],
    format: Format,
    out: Path,
    force: bool = False,
    preferences: bool = False,
) -> list[Exported]:
    """Write the transfer sets of these targets as JSON Lines, a file a split, and their entries in `dataset_info.json`.

    Entries of other datasets stay. If the weights are not all 1, each row has a `weight`, too; the trainers ignore it.
    Each file is written whole or not at all. One shard of the transfer set is in memory at a time.

    Args:
        run: has the transfer sets.
        manifest: of the run.
        tags: of the targets.
        format: of the rows.
        out: the folder to write to.
        force: whether existing files are overwritten.
        preferences: write the preferences of these targets instead.

    Raises:
        UserError: the run is not finished, or has no such target or no preferences, or a file exists already. Nothing
            was written.
        Stopped: the disk refuses.
    """
    refuse_unfinished(run, manifest)
    _refuse_folders_of_run(run, out)
    entries = _entries(out / INDEX)
    if preferences:
        run.refuse_without(PREFERENCES, tags)
    sources = [_source(run, tag, split, format, out, preferences) for tag in tags for split in SPLITS]
    existing = [source.path for source in sources if source.name in entries or source.path.exists()]
    if existing and not force:
        raise OutputExists(f"{existing[0]} exists already: choose another --out, or overwrite it with --force")
    for tag in tags:
        if not any(source.rows["exported"].any() for source in sources if source.tag == tag):
            what = "pair" if preferences else "row"
            raise UserError(f"{run.path} has no {what} of {tag} to write as {format}")
    for source in sources:
        entries.pop(source.name, None)
        if source.rows["exported"].any():
            _write(source, format)
            entries[source.name] = {"file_name": source.path.name, **llama_factory(format, preferences)}
        else:
            source.path.unlink(missing_ok=True)  # of an earlier export
    Run(out).write_text(INDEX, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    return [_result(source) for source in sources if not source.rows.is_empty()]


def llama_factory(format: Format, preferences: bool = False) -> dict[str, Any]:
    """What LLaMA-Factory's `dataset_info.json` says of a file in this format, besides the file's name."""
    if preferences:
        entry = llama_factory(format)
        columns = {name: column for name, column in entry["columns"].items() if name != "response"}
        return {**entry, "ranking": True, "columns": columns | {name: name for name in ANSWERS}}
    match format:
        case "alpaca":
            columns = {"query": "input", "response": "output", "system": "system", "history": "history"}
            return {"columns": {"prompt": "instruction", **columns}}
        case "sharegpt":
            return {"formatting": "sharegpt", "columns": {"messages": "conversations"}}
        case "messages":
            tags = {"role_tag": "role", "content_tag": "content"}
            tags |= {f"{role}_tag": role for role in SPEAKERS}
            return {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": tags}


def axolotl(path: Path, format: Format, preferences: bool = False) -> dict[str, Any]:
    """An entry under `datasets:` or `test_datasets:` in axolotl's configuration.

    Raises:
        ValueError: it has no such format.
    """
    entry = {"path": str(path.resolve()), "ds_type": "json", "split": "train"}  # a file has only this split
    if preferences:
        if format == "alpaca":
            raise ValueError("axolotl reads no preferences with a system prompt or earlier turns in this format")
        fields = {f"field_{name}": name for name in ANSWERS}
        # Without it, axolotl knows the roles of OpenAI's format alone.
        roles = {"roles": {role: [speaker] for role, speaker in SPEAKERS.items()}} if format == "sharegpt" else {}
        return axolotl(path, format) | {"type": "chat_template.default"} | fields | roles
    match format:
        case "alpaca":
            return entry | {"type": "alpaca"}
        case "sharegpt":
            names = {"role": "from", "content": "value"}
            chat = {"field_messages": "conversations", "message_property_mappings": names}
            return entry | {"type": "chat_template", **chat}
        case "messages":
            return entry | {"type": "chat_template", "field_messages": "messages"}


def _refuse_folders_of_run(run: Run, out: Path) -> None:
    """Refuse a folder in which the run keeps files of its own: they would be pushed, or read, together."""
    folder, root = out.resolve(), run.path.resolve()
    if folder == root or (folder.is_relative_to(root) and folder.is_dir() and not (folder / INDEX).exists()):
        raise UserError(f"{out} holds files of the run: choose another --out; without it, {run.path} gets a new folder")


class _Source(NamedTuple):
    """A split of a target, and the file to write it to."""

    tag: str
    split: str
    name: str
    path: Path  # to write to
    files: list[Path]  # to read
    answers: Sequence[str]  # the columns with the answers to a prompt
    rows: pl.DataFrame  # of each row: whether it is `exported`, and the columns that `Exported` counts


def _source(run: Run, tag: str, split: str, format: Format, out: Path, preferences: bool) -> _Source:
    files = run.dataset(f"{tag}/{PREFERENCES if preferences else TRANSFER_SET}").files(split)
    roles = pl.col("prompt").list.eval(pl.element().struct.field("role")).list.join(" ")
    alternating = roles.str.contains(ALTERNATING)
    columns = {
        "exported": pl.lit(format == "messages") | alternating,
        "not_alternating": ~alternating,
        "with_system": roles.str.starts_with("system"),
        "with_history": roles.str.contains("assistant"),
        "weighted": pl.col("weight") != 1,
    }
    no_rows = pl.DataFrame(schema=dict.fromkeys(columns, pl.Boolean))
    frames = [read_parquet([file], columns=["prompt", "weight"]).select(**columns) for file in files]
    name = f"sdrrl_{tag.replace('-', '_')}_{'preferences_' if preferences else ''}{split}"
    answers = ANSWERS if preferences else ("completion",)
    return _Source(tag, split, name, out / f"{name}.jsonl", files, answers, pl.concat([no_rows, *frames]))


def _result(source: _Source) -> Exported:
    exported = source.rows.filter("exported")
    not_alternating = int(source.rows["not_alternating"].sum())
    counts = [int(exported[column].sum()) for column in ("with_system", "with_history", "weighted")]
    return Exported(source.name, source.split, source.path, exported.height, not_alternating, *counts)


def _entries(path: Path) -> dict[str, Any]:
    """The entries that `dataset_info.json` has already."""
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        raise UserError(f"{path} is not a list of datasets for LLaMA-Factory: choose another --out")
    return entries


def _write(source: _Source, format: Format) -> None:
    row_of: Callable[[Sequence[Message]], dict[str, Any]]
    row_of = {"messages": _messages, "alpaca": _alpaca, "sharegpt": _sharegpt}[format]
    # Of a pair, the conversation ends with the question, and the answers are columns.
    answers: dict[Format, Callable[[Message], Any]]
    answers = {"messages": dict, "alpaca": itemgetter("content"), "sharegpt": _said}
    weights_differ = (source.rows["exported"] & source.rows["weighted"]).any()
    with written(source.path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for prompt, *completions, weight in _rows(source, format):
            pair = {name: answers[format](turn[0]) for name, turn in zip(ANSWERS, completions, strict=False)}
            row = row_of(prompt) | pair if len(completions) > 1 else row_of([*prompt, *completions[0]])
            row |= {"weight": weight} if weights_differ else {}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _rows(source: _Source, format: Format) -> Iterator[tuple[Any, ...]]:
    """The prompt, the answer or answers, and the weight of each row that is exported."""
    columns = ["prompt", *source.answers, "weight"]
    first: list[int] = []
    if format == "alpaca":
        # `datasets` takes the type of `history` from the first rows: so a row that has a history goes first.
        first = (source.rows["exported"] & source.rows["with_history"]).arg_true().head(1).to_list()
        for number in first:
            every_row = pl.scan_parquet(source.files, glob=False).select(columns)
            yield from every_row.slice(number, 1).collect().iter_rows()
    rows = chain.from_iterable(read_parquet([file], columns=columns).iter_rows() for file in source.files)
    for number, (row, exported) in enumerate(zip(rows, source.rows["exported"], strict=True)):
        if exported and number not in first:
            yield row


def _messages(turns: Sequence[Message]) -> dict[str, Any]:
    return {"messages": turns}


def _sharegpt(turns: Sequence[Message]) -> dict[str, Any]:
    # A system prompt is the first turn and not a column: if the column is empty, axolotl reads it as an empty prompt.
    return {"conversations": [_said(turn) for turn in turns]}


def _said(turn: Message) -> dict[str, str]:
    return {"from": SPEAKERS[turn["role"]], "value": turn["content"]}


def _alpaca(turns: Sequence[Message]) -> dict[str, Any]:
    """The last question and its answer, if it is there; what came before is the history, in pairs."""
    system, turns = (turns[0]["content"], turns[1:]) if turns[0]["role"] == "system" else ("", turns)
    texts = [turn["content"] for turn in turns]
    if len(texts) % 2:
        history, question, answer = list(zip(texts[:-1:2], texts[1::2], strict=True)), texts[-1], {}
    else:
        *history, (question, said) = zip(texts[::2], texts[1::2], strict=True)
        answer = {"output": said}
    return {"instruction": question, "input": "", **answer, "system": system, "history": history}
