"""Preferences and self-distillation, trained for real: what is learned, stopped and gone on with, and said."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
import yaml
from safetensors.torch import load_file

from sdrrl_data.errors import RunMismatch, UserError
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.training.losses import Preferred, by_kind, together
from sdrrl_data.training.objectives import OBJECTIVES
from sdrrl_data.training.train import train

from .conftest import SIGNATURE, MakeModel, some_rows
from .test_plan import plan as planned
from .test_train import FAST, Listener

pytestmark = pytest.mark.long

PREFERENCES = ("dpo", "orpo", "kto")


def pairs() -> list[dict[str, Any]]:
    """The rows of `some_rows` in one language, and the same answer in the other as the rejected one."""
    rows = {row["id"]: row for row in some_rows()}
    made = []
    for number in range(len(rows) // 5):
        for tag, other in ("en", "pt"), ("pt", "en"):
            row = rows[f"{number}/answer/{tag}->{tag}"]
            made.append(
                {
                    "id": row["id"],
                    "task": "answer",
                    "direction": row["direction"],
                    "prompt": row["prompt"],
                    "chosen": row["completion"],
                    "rejected": rows[f"{number}/answer/{other}->{other}"]["completion"],
                    "rejected_kind": "other_language",
                    "privileged_context": [
                        *rows[f"{number}/answer/en->en"]["prompt"],
                        *rows[f"{number}/answer/en->en"]["completion"],
                    ],
                    "weight": 1.0,
                    "signature": SIGNATURE,
                    "split": row["split"],
                }
            )
    return made


@pytest.fixture(scope="module")
def preferences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    names = ("prompt", "chosen", "rejected", "privileged_context")
    table = pl.DataFrame(pairs(), schema_overrides=dict.fromkeys(names, MESSAGES), strict=False)
    for split in ("train", "test"):
        table.filter(split=split).write_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder


def job(dataset: Path, model: Path, out: Path, objective: str, **changes: Any) -> dict[str, Any]:
    more = {name: changes.pop(name) for name in ("adapter", "merge") if name in changes}
    settings = FAST | {"objective": objective, "samples": 0} | changes
    return {"dataset": dataset, "model": model, "out": out, "changes": settings, **more}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


@pytest.fixture(scope="module")
def first(dataset: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that supervised fine-tuning made."""
    out = tmp_path_factory.mktemp("first") / "out"
    train(dataset, model, out, changes=FAST | {"max_steps": 3, "samples": 0})
    return out


@pytest.fixture(scope="module")
def wide(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model, with room for what a teacher reads."""
    folder = tmp_path_factory.mktemp("wide") / "tiny-llama"
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 1024}))
    return folder


@pytest.mark.parametrize("objective", PREFERENCES)
def test_the_chosen_answers_come_to_be_preferred(
    preferences: Path, model: Path, tmp_path: Path, objective: str
) -> None:
    listener = Listener()
    changes = {"epochs": 2, "beta": 5.0 if objective == "orpo" else 0.1}
    trained = train(**job(preferences, model, tmp_path / "out", objective, **changes), trackers=[listener])
    before, after = together(trained.losses[0]), together(trained.losses[trained.best])
    assert isinstance(before, Preferred)
    assert isinstance(after, Preferred)
    assert after.pairs == before.pairs == 10
    assert after.margin > before.margin
    assert after.mean < before.mean
    assert by_kind(trained.losses[trained.best]).keys() == {"other_language", "en->en", "pt->pt"}
    record = yaml.safe_load((tmp_path / "out/training.yaml").read_text())
    assert record["settings"]["objective"] == objective
    assert record["losses"]["after"]["pt->pt"]["margin"] > record["losses"]["before"]["pt->pt"]["margin"]
    assert ("accuracy" in record["losses"]["after"]["all"]) == (objective != "kto")
    assert listener.steps[-1].tokens_per_second > 0
    card = (tmp_path / "out/README.md").read_text()
    assert OBJECTIVES[objective].says in card
    assert ("The reference" in card) == (objective != "orpo")
    assert f"- {objective}\n" in card


@pytest.mark.parametrize(("objective", "begun"), [("dpo", True), ("orpo", False), ("kto", True), ("sdft", False)])
def test_stopped_and_resumed_it_ends_with_the_same_weights(
    preferences: Path, wide: Path, first: Path, tmp_path: Path, objective: str, begun: bool
) -> None:
    adapter = {"adapter": str(first)} if begun else {}
    whole = job(preferences, wide, tmp_path / "whole", objective, max_steps=5, save_every=2, **adapter)
    train(**whole)
    stopped = whole | {"out": tmp_path / "stopped"}
    with pytest.raises(KeyboardInterrupt):
        train(**stopped, trackers=[Listener(stop_after=3)])
    train(**stopped, resume=True)
    expected, resumed = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)
    assert not [path for path in (tmp_path / "whole").rglob("ref") if path.is_dir()]


@pytest.mark.parametrize("objective", PREFERENCES)
def test_it_begins_with_the_adapter_and_its_reference_is_that(
    preferences: Path, model: Path, first: Path, tmp_path: Path, objective: str
) -> None:
    trained = train(**job(preferences, model, tmp_path / "out", objective, max_steps=1, adapter=str(first), warmup=0))
    start, end = weights(first), weights(tmp_path / "out")
    assert start.keys() == end.keys()
    assert any(not torch.equal(start[name], end[name]) for name in start)
    assert max(float((start[name] - end[name]).abs().max()) for name in start) < 0.05  # one step away
    if objective != "orpo":
        assert abs(together(trained.losses[0]).named()["margin"]) < 1e-5  # the reference is the beginning
    record = yaml.safe_load((tmp_path / "out/training.yaml").read_text())
    assert record["adapter"].startswith(f"{first}@")


def test_another_adapter_is_another_training(preferences: Path, model: Path, first: Path, tmp_path: Path) -> None:
    begun = job(preferences, model, tmp_path / "out", "orpo", adapter=str(first), save_every=1, max_steps=3)
    with pytest.raises(KeyboardInterrupt):
        train(**begun, trackers=[Listener(stop_after=2)])
    with pytest.raises(RunMismatch, match="made with another adapter"):
        train(**{**begun, "adapter": None}, resume=True)
    with pytest.raises(RunMismatch, match="made with rows at once None, now it is 1"):
        train(**{**begun, "changes": {**begun["changes"], "at_once": 1}}, resume=True)


def test_all_weights_are_held_to_a_reference(preferences: Path, model: Path, tmp_path: Path) -> None:
    changes = {"method": "full", "learning_rate": 0.002, "max_steps": 8}
    trained = train(**job(preferences, model, tmp_path / "out", "dpo", **changes))
    before, after = together(trained.losses[0]).named(), together(trained.losses[trained.best]).named()
    assert before["margin"] == pytest.approx(0, abs=1e-5)
    assert after["margin"] > 0.01


def test_a_second_adapter_is_merged_into_the_same_base(
    preferences: Path, model: Path, first: Path, tmp_path: Path
) -> None:
    train(**job(preferences, model, tmp_path / "out", "dpo", max_steps=2, adapter=str(first), merge=True))
    assert (tmp_path / "out/model.safetensors").is_file()
    assert [path.name for path in (tmp_path / "out/adapter").iterdir() if path.is_dir()] == []


def test_the_model_answers_and_learns_from_itself(preferences: Path, wide: Path, tmp_path: Path) -> None:
    trained = train(**job(preferences, wide, tmp_path / "out", "sdft", max_steps=2))
    assert trained.losses == {}
    assert trained.steps == 2
    assert "how well" not in (tmp_path / "out/README.md").read_text()


@pytest.mark.parametrize(
    ("objective", "changes", "problem"),
    [
        ("orpo", {"packing": True}, "packing goes with objective sft alone"),
        ("dpo", {"replay.share": 0.1}, "replay goes with objective sft alone"),
        ("sdft", {"patience": 1}, "patience needs a loss on the test split"),
        ("sdft", {"method": "full"}, "objective sdft needs an adapter"),
        ("sdft", {"batch_size": 500}, "needs rows for a step"),
        ("kto", {"at_once": 1}, "compares at least 2 rows"),
        ("orpo", {"adapter": "ADAPTER", "lora.rank": 3}, "leave out the settings lora"),
        ("orpo", {"adapter": "ADAPTER", "method": "full"}, "leave out method full"),
        ("orpo", {"adapter": "MODEL"}, "is no adapter"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    preferences: Path, wide: Path, first: Path, tmp_path: Path, objective: str, changes: dict[str, Any], problem: str
) -> None:
    places = {"ADAPTER": str(first), "MODEL": str(wide)}
    changes = {name: places.get(str(value), value) for name, value in changes.items()}
    with pytest.raises(UserError, match=problem):
        train(**job(preferences, wide, tmp_path / "out", objective, **changes))
    assert not (tmp_path / "out").exists()


def test_rows_without_pairs_are_one_sentence(dataset: Path, model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no column chosen: a set to train on has prompt, chosen and rejected"):
        train(**job(dataset, model, tmp_path / "out", "orpo"))


def test_pairs_with_an_answer_that_is_too_long_are_counted(preferences: Path, model: Path) -> None:
    plan = planned(preferences, model, objective="dpo", max_length=46)
    dropped = sum(plan.train.dropped.values())
    assert 0 < dropped < len(pairs()) - 10
    assert plan.train.table.height + dropped == len(pairs()) - 10


@pytest.mark.parametrize("objective", PREFERENCES)
def test_a_pair_ends_its_turns_as_the_template_does(preferences: Path, make_model: MakeModel, objective: str) -> None:
    plan = planned(preferences, make_model(), objective=objective)
    end = plan.chat.ends[0]
    for ids, start, rejected in plan.train.table.select("input_ids", "start", "rejected_ids").iter_rows():
        assert end in ids[start:]
        assert end in rejected
        assert ids[start:] != rejected


def test_kto_compares_with_answers_to_other_questions(preferences: Path, model: Path) -> None:
    plan = planned(preferences, model, objective="kto")
    rows = plan.objective.dataset(plan.train.table, plan.taken[:5], 2)
    assert rows["label"] == [True, True, False, False] * 2 + [True, False]
    for example in rows:
        assert example["KL_completion_ids"] != example["completion_ids"]
