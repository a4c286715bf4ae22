"""Exported files: do they hold every turn, and can the trainers load them?"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
import typer
import yaml
from datasets import load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from sdrrl_data.cli import export as command
from sdrrl_data.errors import UserError
from sdrrl_data.publishing.export import Exported, Format, axolotl, export, llama_factory
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps.schemas import MESSAGES
from tests.support import datasets

FORMATS = get_args(Format)
APP = typer.Typer()
APP.command()(command.export)
Turns = Sequence[tuple[str, str]]

# What careless code that writes lines would break.
NASTY = 'a\u2028b\u0085c\0d\r\n\t"\\n" é 中文 ไทย 🎉 </s> {{x}}'
PLAIN: Turns = [("user", "one?"), ("assistant", "two")]
SYSTEM: Turns = [("system", "Be brief."), ("user", NASTY), ("assistant", NASTY)]
LONG: Turns = [("system", "s"), *(("user" if turn % 2 else "assistant", str(turn)) for turn in range(1, 7))]
ODD: list[Turns] = [[("assistant", "hi"), *PLAIN], [("user", "a"), *PLAIN], [("user", "a"), ("assistant", "b"), *LONG]]


def rows(conversations: Sequence[Turns], weights: Sequence[float] | None = None) -> pl.DataFrame:
    messages = [[{"role": role, "content": content} for role, content in turns] for turns in conversations]
    return pl.DataFrame(
        {
            "prompt": [turns[:-1] for turns in messages],
            "completion": [turns[-1:] for turns in messages],
            "weight": weights or [1.0] * len(messages),
        },
        schema={"prompt": MESSAGES, "completion": MESSAGES, "weight": pl.Float64},
    )


def write(
    folder: Path,
    state: str = "finished",
    shard_rows: int = 2,
    name: str = "transfer_set",
    **targets: dict[str, pl.DataFrame],
) -> Run:
    """A run with these datasets: target -> split -> rows."""
    run = Run(folder)
    signatures = {}
    for tag, splits in ((tag.replace("_", "-"), splits) for tag, splits in targets.items()):
        rows = pl.concat([rows.with_columns(split=pl.lit(split)) for split, rows in splits.items()])
        datasets.write(run, f"{tag}/{name}", rows, shard_rows=shard_rows)
        signatures[tag] = "signature"
    content = {
        "state": state,
        "signatures": signatures,
        "recipe": {"tgt": list(signatures)},
        "versions": {},
        "ingredients": [],
    }
    run.write_manifest(Manifest.model_validate(content))
    return run


def exported(run: Run, format: Format, out: Path, *tags: str, force: bool = False) -> list[Exported]:
    manifest = run.manifest()
    assert manifest is not None
    return export(run, manifest, tags or list(manifest.signatures), format, out, force)


def loaded(path: Path) -> list[dict[str, Any]]:
    """The rows as `datasets` reads them."""
    dataset = load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    return [{**row} for row in dataset]


def turns_of(row: dict[str, Any]) -> Turns:
    """The conversation in a row of any format."""
    if "messages" in row:
        return [(turn["role"], turn["content"]) for turn in row["messages"]]
    if "conversations" in row:
        roles = {"system": "system", "human": "user", "gpt": "assistant"}
        return [(roles[turn["from"]], turn["value"]) for turn in row["conversations"]]
    pairs = [*row["history"], [row["instruction"], row["output"]]]
    turns = [turn for question, answer in pairs for turn in (("user", question), ("assistant", answer))]
    return [*([("system", row["system"])] if row["system"] else []), *turns]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return write(
        tmp_path / "run",
        pt={"train": rows([PLAIN, SYSTEM, LONG, PLAIN, SYSTEM]), "test": rows([PLAIN])},
        ar_Latn={"train": rows([SYSTEM])},
    )


GOLDEN: dict[Format, dict[str, Any]] = {
    "messages": {
        "messages": [
            {"role": "system", "content": "s"},
            *({"role": "user" if turn % 2 else "assistant", "content": str(turn)} for turn in range(1, 7)),
        ]
    },
    "sharegpt": {
        "conversations": [
            {"from": "system", "value": "s"},
            *({"from": "human" if turn % 2 else "gpt", "value": str(turn)} for turn in range(1, 7)),
        ]
    },
    "alpaca": {
        "instruction": "5",
        "input": "",
        "output": "6",
        "system": "s",
        "history": [["1", "2"], ["3", "4"]],
    },
}


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_loads_with_every_turn(run: Run, tmp_path: Path, format: Format) -> None:
    splits = exported(run, format, tmp_path / "out")
    assert [(split.name, split.split, split.rows, split.with_system, split.with_history) for split in splits] == [
        ("sdrrl_pt_train", "train", 5, 3, 1),
        ("sdrrl_pt_test", "test", 1, 0, 0),
        ("sdrrl_ar_Latn_train", "train", 1, 1, 0),
    ]
    train, test, other = (loaded(split.path) for split in splits)
    assert GOLDEN[format] in train
    assert all(row.keys() == GOLDEN[format].keys() for row in (*train, *test, *other))
    expected = [PLAIN, SYSTEM, LONG, PLAIN, SYSTEM]
    if format == "alpaca":
        expected = [LONG, PLAIN, SYSTEM, PLAIN, SYSTEM]  # the one with a history goes first
    assert [turns_of(row) for row in train] == expected
    assert [turns_of(row) for row in (*test, *other)] == [PLAIN, SYSTEM]
    before = [split.path.read_bytes() for split in splits]
    again = exported(run, format, tmp_path / "out", force=True)
    assert [split.path.read_bytes() for split in again] == before


@pytest.mark.parametrize("format", FORMATS)
def test_a_folder_whose_name_looks_like_a_pattern(tmp_path: Path, format: Format) -> None:
    run = write(tmp_path / "run[1]*", pt={"train": rows([PLAIN, LONG, SYSTEM])})
    (split,) = exported(run, format, tmp_path / "out")
    assert sorted(turns_of(row) for row in loaded(split.path)) == sorted([PLAIN, LONG, SYSTEM])


def test_the_first_history_may_come_late(tmp_path: Path) -> None:
    wide: Turns = [("user", "x" * 40_000), ("assistant", "y" * 40_000)]
    # Longer than what `datasets` reads at once (10 MB), to take the types of the columns from.
    run = write(tmp_path / "run", shard_rows=100, pt={"train": rows([wide] * 200 + [LONG])})
    (split,) = exported(run, "alpaca", tmp_path / "out")
    assert split.path.stat().st_size > 15_000_000
    conversations = [turns_of(row) for row in loaded(split.path)]
    assert len(conversations) == 201
    assert conversations.count(LONG) == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=3).map(
    lambda pairs: [turn for question, answer in pairs for turn in (("user", question), ("assistant", answer))]
)
conversations = st.builds(
    lambda system, turns: [*([("system", system)] if system else []), *turns], st.none() | texts, pairs
)


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(conversations, min_size=1, max_size=5), st.sampled_from(FORMATS))
def test_any_conversation_comes_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Turns], format: Format
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (split,) = exported(write(folder / "run", pt={"train": rows(written)}), format, folder / "out")
    lines = split.path.read_bytes().decode().removesuffix("\n").split("\n")
    assert sorted(turns_of(json.loads(line)) for line in lines) == sorted(written)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("format", "keeps_all"), [("messages", True), ("sharegpt", False), ("alpaca", False)])
def test_what_does_not_go_in_turn_is_counted(tmp_path: Path, format: Format, keeps_all: bool) -> None:
    run = write(tmp_path / "run", pt={"train": rows([ODD[0], PLAIN, *ODD[1:], LONG])})
    (split,) = exported(run, format, tmp_path / "out")
    expected = [ODD[0], PLAIN, *ODD[1:], LONG] if keeps_all else [PLAIN, LONG]
    assert sorted(turns_of(row) for row in loaded(split.path)) == sorted(expected)
    assert (split.rows, split.not_alternating) == (len(expected), 3)


def test_a_split_of_which_no_row_is_left_is_counted_too(tmp_path: Path) -> None:
    run = write(tmp_path / "run", pt={"train": rows([PLAIN]), "test": rows(ODD)})
    train, test = exported(run, "alpaca", tmp_path / "out")
    assert (train.not_alternating, test.rows, test.not_alternating, test.path.exists()) == (0, 0, 3, False)
    shown = invoke(run.path, "--format", "alpaca")
    assert "3 rows are left out" in shown
    assert "test" not in shown.replace(str(tmp_path), "")


@pytest.mark.parametrize("format", FORMATS)
def test_rows_have_weights_if_these_differ(tmp_path: Path, format: Format) -> None:
    run = write(tmp_path / "run", pt={"train": rows([PLAIN, SYSTEM, PLAIN], [1, 0.25, 1]), "test": rows([PLAIN])})
    train, test = exported(run, format, tmp_path / "out")
    assert [(row["weight"], turns_of(row)) for row in loaded(train.path)] == [(1, PLAIN), (0.25, SYSTEM), (1, PLAIN)]
    assert (train.weighted, test.weighted) == (1, 0)
    assert loaded(test.path)[0].keys() == GOLDEN[format].keys()


# As data/README.md of LLaMA-Factory and the pages on dataset formats of axolotl have them.
ENTRIES: dict[Format, dict[str, Any]] = {
    "messages": {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    },
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations"}},
    "alpaca": {
        "columns": {
            "prompt": "instruction",
            "query": "input",
            "response": "output",
            "system": "system",
            "history": "history",
        }
    },
}
TYPES: dict[Format, dict[str, Any]] = {
    "messages": {"type": "chat_template", "field_messages": "messages"},
    "sharegpt": {
        "type": "chat_template",
        "field_messages": "conversations",
        "message_property_mappings": {"role": "from", "content": "value"},
    },
    "alpaca": {"type": "alpaca"},
}


@pytest.mark.parametrize("format", FORMATS)
def test_what_the_trainers_are_told(run: Run, tmp_path: Path, format: Format) -> None:
    splits = exported(run, format, tmp_path / "out")
    assert llama_factory(format) == ENTRIES[format]
    assert json.loads((tmp_path / "out/dataset_info.json").read_text(encoding="utf-8")) == {
        split.name: {"file_name": f"{split.name}.jsonl", **ENTRIES[format]} for split in splits
    }
    path = splits[0].path
    assert axolotl(path, format) == {"path": str(path.resolve()), "ds_type": "json", "split": "train", **TYPES[format]}


def test_other_datasets_keep_their_entries(run: Run, tmp_path: Path) -> None:
    index = tmp_path / "dataset_info.json"
    index.write_text('{"identité": {"file_name": "identity.json"}}', encoding="utf-8")
    exported(run, "alpaca", tmp_path, "pt")
    exported(run, "sharegpt", tmp_path, "ar-Latn")
    entries = json.loads(index.read_text(encoding="utf-8"))
    assert list(entries) == ["identité", "sdrrl_pt_train", "sdrrl_pt_test", "sdrrl_ar_Latn_train"]
    assert entries["identité"] == {"file_name": "identity.json"}


def test_what_is_there_is_written_anew_only_when_told(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(run, "alpaca", out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(UserError, match=r"sdrrl_pt_train\.jsonl exists already: .* --force$"):
        exported(run, "messages", out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    # A split that the run has no more goes; the other target stays.
    smaller = write(tmp_path / "smaller", pt={"train": rows([PLAIN]), "test": rows([])})
    exported(smaller, "messages", out, force=True)
    assert sorted(path.name for path in out.glob("*.jsonl")) == ["sdrrl_ar_Latn_train.jsonl", "sdrrl_pt_train.jsonl"]
    entries = json.loads((out / "dataset_info.json").read_text(encoding="utf-8"))
    assert sorted(entries) == ["sdrrl_ar_Latn_train", "sdrrl_pt_train"]


@pytest.mark.parametrize("folder", [".", "pt", "pt/transfer_set"])
def test_the_files_of_the_run_itself_stay_among_themselves(run: Run, folder: str) -> None:
    before = sorted(run.path.rglob("*"))
    with pytest.raises(UserError, match="holds files of the run: choose another --out"):
        exported(run, "messages", run.path / folder)
    assert sorted(run.path.rglob("*")) == before
    for force in (False, True):  # a folder of exports alone is none of them
        exported(run, "messages", run.path / "export-messages", force=force)


@pytest.mark.parametrize("content", ["[]", "no JSON", "\udcff"])
def test_an_index_that_is_not_a_list_of_datasets_is_not_overwritten(run: Run, tmp_path: Path, content: str) -> None:
    index = tmp_path / "dataset_info.json"
    index.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"dataset_info\.json is not a list of datasets .* choose another --out$"):
        exported(run, "alpaca", tmp_path, force=True)
    assert not list(tmp_path.glob("*.jsonl"))


@pytest.mark.parametrize(
    ("state", "train", "problem"),
    [
        ("unfinished", [PLAIN], "is not finished: `sdrrl-data generate --out "),
        ("finished", [], "has no row of pt to write as alpaca$"),
        ("finished", ODD, "has no row of pt to write as alpaca$"),
    ],
)
def test_a_run_that_cannot_be_exported(tmp_path: Path, state: str, train: list[Turns], problem: str) -> None:
    run = write(tmp_path / "run", state, pt={"train": rows(train)})
    with pytest.raises(UserError, match=problem):
        exported(run, "alpaca", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def invoke(*words: object) -> str:
    done = CliRunner().invoke(APP, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_prints_what_to_paste(run: Run, tmp_path: Path) -> None:
    shown = invoke(run.path, "--format", "sharegpt", "--tgt", "Portuguese, ar-Latn,pt", "--out", tmp_path / "[out]")
    written, for_llama_factory, others = shown.split("\n# ")
    assert "        5 rows  " in written
    assert "1 rows have earlier answers in their prompts: axolotl trains on these answers, too" in written
    entries = json.loads((tmp_path / "[out]/dataset_info.json").read_text(encoding="utf-8"))
    told = yaml.safe_load(for_llama_factory.partition("\n")[2])
    assert told == {
        "dataset_dir": str(tmp_path / "[out]"),
        "dataset": "sdrrl_pt_train,sdrrl_ar_Latn_train",
        "eval_dataset": "sdrrl_pt_test",
        "mask_history": True,
    }
    assert {*told["dataset"].split(","), *told["eval_dataset"].split(",")} == entries.keys()
    for_axolotl = yaml.safe_load(others.partition("\n")[2])
    assert [Path(entry["path"]).stem for entry in for_axolotl["datasets"]] == told["dataset"].split(",")
    assert [Path(entry["path"]).stem for entry in for_axolotl["test_datasets"]] == ["sdrrl_pt_test"]


@pytest.mark.parametrize(
    ("format", "notes"),
    [
        ("messages", ["3 rows do not alternate between user and assistant: LLaMA-Factory ignores them"]),
        (
            "alpaca",
            ["3 rows are left out", "axolotl reads neither the system prompts (2 rows) nor the earlier turns (1 "],
        ),
        ("sharegpt", ["3 rows are left out", "1 rows have earlier answers in their prompts"]),
    ],
)
def test_the_command_says_what_is_lost(tmp_path: Path, format: Format, notes: list[str]) -> None:
    run = write(tmp_path / "run", pt={"train": rows([PLAIN, *ODD, SYSTEM, LONG], [0.5, 1, 1, 1, 1, 1])})
    shown = invoke(run.path, "--format", format)
    assert all(line in shown for line in [*notes, "1 rows have a weight other than 1"])
    assert (run.path / f"export-{format}/sdrrl_pt_train.jsonl").exists()
    assert "test_datasets" not in shown


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere"], "nowhere is not a run"),
        (["run", "--tgt", "vi"], "has no target vi: choose from pt and ar-Latn$"),
        (["run", "--tgt", "pt,Klingonisch"], "Klingonisch"),
        (["run", "--out", "run/manifest.json"], "cannot be written"),
    ],
)
def test_mistakes_are_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str) -> None:
    monkeypatch.chdir(run.path.parent)
    with pytest.raises(UserError, match=problem):
        invoke(*words, "--format", "alpaca")


def pairs_of(conversations: Sequence[Turns]) -> pl.DataFrame:
    """Preferences: the last turn is chosen, and the same in capitals rejected."""
    upper = pl.element().struct.with_fields(content=pl.element().struct.field("content").str.to_uppercase())
    table = rows(conversations)
    return table.rename({"completion": "chosen"}).with_columns(rejected=table["completion"].list.eval(upper))


PAIR: dict[Format, dict[str, Any]] = {
    "messages": {
        "messages": [{"role": "user", "content": "one?"}],
        "chosen": {"role": "assistant", "content": "two"},
        "rejected": {"role": "assistant", "content": "TWO"},
    },
    "sharegpt": {
        "conversations": [{"from": "human", "value": "one?"}],
        "chosen": {"from": "gpt", "value": "two"},
        "rejected": {"from": "gpt", "value": "TWO"},
    },
    "alpaca": {"instruction": "one?", "input": "", "chosen": "two", "rejected": "TWO", "system": "", "history": []},
}


def preferences(run: Run, format: Format, out: Path) -> list[Exported]:
    manifest = run.manifest()
    assert manifest is not None
    return export(run, manifest, ["pt"], format, out, preferences=True)


@pytest.mark.parametrize("format", FORMATS)
def test_pairs_load_with_both_answers_and_every_turn_before_them(tmp_path: Path, format: Format) -> None:
    written = {"train": pairs_of([PLAIN, LONG, ODD[0]]), "test": pairs_of([PLAIN])}
    run = write(tmp_path / "run", name="preferences", pt=written)
    train, test = preferences(run, format, tmp_path / "out")
    assert (train.name, train.not_alternating) == ("sdrrl_pt_preferences_train", 1)
    assert loaded(test.path) == [PAIR[format]]
    of_long = next(row for row in loaded(train.path) if "5" in json.dumps(row))
    answers = [of_long.pop(name) for name in ("chosen", "rejected")]
    assert (
        answers == [{**PAIR[format]["chosen"], next(reversed(PAIR[format]["chosen"])): "6"}] * 2
        if format != "alpaca"
        else answers == ["6", "6"]
    )
    assert turns_of(of_long | ({"output": "6"} if format == "alpaca" else {}))[: len(LONG) - 1] == LONG[:-1]


@pytest.mark.parametrize("format", FORMATS)
def test_what_the_trainers_are_told_of_pairs(tmp_path: Path, format: Format) -> None:
    run = write(tmp_path / "run", name="preferences", pt={"train": pairs_of([PLAIN])})
    (split,) = preferences(run, format, tmp_path / "out")
    entry = json.loads((tmp_path / "out/dataset_info.json").read_text(encoding="utf-8"))[split.name]
    columns = {name: column for name, column in ENTRIES[format]["columns"].items() if name != "response"}
    answers = {"chosen": "chosen", "rejected": "rejected"}
    expected = {**ENTRIES[format], "ranking": True, "columns": columns | answers}
    assert entry == {"file_name": split.path.name, **expected}
    if format == "alpaca":
        with pytest.raises(ValueError, match="in this format"):
            axolotl(split.path, format, preferences=True)
        return
    told = axolotl(split.path, format, preferences=True)
    assert (
        told.items()
        >= {"type": "chat_template.default", "field_chosen": "chosen", "field_rejected": "rejected"}.items()
    )
    assert ("roles" in told) == (format == "sharegpt")


def test_the_command_writes_pairs(tmp_path: Path) -> None:
    run = write(tmp_path / "run", name="preferences", pt={"train": pairs_of([PLAIN, LONG])})
    shown = invoke(run.path, "--format", "sharegpt", "--preferences")
    _, for_llama_factory, others = shown.split("\n# ")
    told = yaml.safe_load(for_llama_factory.partition("\n")[2])
    assert told["dataset"] == "sdrrl_pt_preferences_train"
    assert "mask_history" not in told
    assert yaml.safe_load(others.partition("\n")[2])["rl"] == "dpo"
    assert "# axolotl" not in invoke(run.path, "--format", "alpaca", "--preferences")


def test_a_run_of_an_earlier_version_has_no_pairs(run: Run, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"has no pt/preferences: `sdrrl-data generate --out .* makes it from the tables"
    ):
        preferences(run, "messages", tmp_path / "out")
