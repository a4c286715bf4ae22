"""What a training would do, before any weights are loaded."""

from pathlib import Path
from typing import Any

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.training.plan import TrainingJob, TrainingPlan, prepare
from sdrrl_data.training.record import about
from sdrrl_data.training.settings import ReplayConfig, TrainingConfig

from .conftest import CHATML, SIGNATURE, MakeModel, some_rows, write


def plan(dataset: Path, model: Path, **settings: Any) -> TrainingPlan:
    return prepare(TrainingJob(str(dataset), str(model), Path("out"), TrainingConfig(**settings)))


def test_it_counts_rows_tokens_and_steps(dataset: Path, model: Path) -> None:
    found = plan(dataset, model, epochs=2.0, batch_size=10, test_rows=7)
    train = [row for row in some_rows() if row["split"] == "train"]
    assert found.train.table.height == len(train)
    assert len(found.order) == 2 * len(train)
    assert found.tokens == 2 * found.train.table["input_ids"].list.len().sum()
    assert found.steps == 2 * len(train) // 10
    assert found.test.table.height == 7
    assert found.settings.learning_rate == 2e-4
    assert plan(dataset, model, batch_size=10, max_steps=3).steps == 3


def test_a_step_may_be_given_in_tokens(dataset: Path, model: Path) -> None:
    usual = plan(dataset, model)
    mean = usual.tokens / len(usual.order)
    assert plan(dataset, model, batch_tokens=round(12 * mean)).batch == 12
    assert plan(dataset, model, batch_tokens=1).batch == 1
    assert plan(dataset, model, batch_tokens=640, packing=True, max_length=64).batch == 10


def test_the_context_of_the_model_bounds_the_length(dataset: Path, model: Path) -> None:
    assert plan(dataset, model, max_length=100_000).limit == 256
    assert plan(dataset, model, max_length=100).limit == 100


def test_the_day_is_that_of_the_answers(dataset: Path, make_model: MakeModel, tmp_path: Path) -> None:
    dated = make_model("Today is {{ strftime_now('%Y-%m-%d') }}.\n" + CHATML)
    signature = f"{SIGNATURE.rpartition('|')[0]}|date:2026-11-09|settings:0123"
    answered = write(tmp_path / "answered", [row | {"signature": signature} for row in some_rows()])
    cases = [
        ({}, dataset, "2026-01-01"),
        ({}, answered, "2026-11-09"),
        ({"date": "2026-12-24"}, answered, "2026-12-24"),
    ]
    for settings, rows, day in cases:
        prepared = plan(rows, dated, **settings)
        assert prepared.settings.date == day
        for row in prepared.train.table["input_ids"]:
            assert prepared.chat.tokenizer.decode(row.to_list()).startswith(f"Today is {day}.\n")
        assert about(prepared)["settings"]["date"] == day
        # So that a training from before there were dates is resumed.
        assert prepared.identity.settings.get("date") == (None if day == "2026-01-01" else day)


def test_replay_takes_answers_in_the_source_language(dataset: Path, model: Path) -> None:
    found = plan(dataset, model, replay=ReplayConfig(share=0.5))
    drawn = found.train.table[found.order]
    assert set(drawn.filter("replay").select("task", "direction").iter_rows()) == {("answer", "en->en")}
    assert drawn.filter(~drawn["replay"]).filter(task="answer", direction="en->en").is_empty()
    assert drawn["replay"].mean() == pytest.approx(0.5, abs=0.01)


def test_replay_takes_rows_of_another_dataset(dataset: Path, model: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", some_rows()[:50])
    found = plan(dataset, model, replay=ReplayConfig(share=0.25, dataset=str(other)))
    drawn = found.train.table[found.order]
    assert drawn["replay"].mean() == pytest.approx(0.25, abs=0.01)
    assert drawn.filter(~drawn["replay"]).height == found.train.table.filter(~found.train.table["replay"]).height
    assert found.identity.dataset.count("@") == 2


@pytest.mark.parametrize(
    ("changes", "settings", "sentence"),
    [
        ({}, {"max_length": 5}, r"no row is left to train on: of 125 rows 125 are longer than 5 tokens"),
        ({"completion": []}, {}, "no row is left to train on: of 125 rows 125 are empty"),
        ({"split": "test"}, {}, "no row is left to train on: of 0 rows its train split is empty"),
        ({"split": "train"}, {"patience": 2}, "has no test split, which patience needs"),
        ({"signature": None}, {"replay": ReplayConfig(share=0.1)}, "the rows do not say which language is the source"),
        ({"direction": "en->pt"}, {"replay": ReplayConfig(share=0.1)}, "no row is in the source language alone"),
        ({}, {"weights": {"summarise": 2.0}}, r"weights\.summarise: no row has this task or direction"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    model: Path, tmp_path: Path, changes: dict[str, Any], settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        plan(write(tmp_path / "set", [row | changes for row in some_rows()]), model, **settings)


def test_a_model_that_is_none_is_refused(dataset: Path, make_model: MakeModel, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model .*: there is no such directory"):
        plan(dataset, tmp_path / "missing")
    with pytest.raises(UserError, match="model tiny-llama has no chat template"):
        plan(dataset, make_model(None))
