"""The steps that are planned are the steps that are done."""

from pathlib import Path
from typing import Any

import pytest

from sdrrl_data.training import checkpoints, trainer
from sdrrl_data.training.plan import TrainingJob, prepare
from sdrrl_data.training.reporting import Listeners
from sdrrl_data.training.train import train

from .test_train import Listener, job

pytestmark = pytest.mark.long

ROWS = 125  # in the train split
CASES: dict[str, tuple[dict[str, Any], int | None]] = {
    "more steps than epochs have": ({"batch_size": 63, "max_steps": 12}, 2),
    "fewer steps": ({"batch_size": 63, "epochs": 2.0, "max_steps": 3}, 3),
    "a last step that is not full": ({"batch_size": 50, "epochs": 1.0}, 3),
    "packs, as many as there are": ({"batch_size": 4, "packing": True, "max_length": 90, "max_steps": 500}, None),
    "fewer packs": ({"batch_size": 4, "packing": True, "max_length": 200, "max_steps": 2}, 2),
}


@pytest.mark.parametrize(("settings", "steps"), CASES.values(), ids=CASES)
def test_what_is_planned_is_done(
    dataset: Path, model: Path, tmp_path: Path, settings: dict[str, Any], steps: int | None
) -> None:
    arguments = job(dataset, model, tmp_path / "out", samples=0, test_rows=2, **settings)
    plan = prepare(TrainingJob(str(dataset), str(model), tmp_path / "out", arguments["settings"]))
    assert len(plan.train.table) == ROWS
    listener = Listener()
    trained = train(**arguments, trackers=[listener])
    done = [step.number for step in listener.steps]
    assert done == list(range(1, plan.steps + 1))
    assert listener.started == (plan.steps, 0)
    assert trained.steps == plan.steps
    if steps is None:  # of packs that are never quite full
        assert plan.tokens / 90 / 4 <= plan.steps < ROWS / 4
    else:
        assert plan.steps == steps


def test_a_resumed_training_does_the_steps_that_are_left(dataset: Path, model: Path, tmp_path: Path) -> None:
    arguments = job(dataset, model, tmp_path / "out", samples=0, batch_size=63, max_steps=12, save_every=1)
    with pytest.raises(KeyboardInterrupt):
        train(**arguments, trackers=[Listener(stop_after=2)])
    listener = Listener()
    assert train(**arguments, resume=True, trackers=[listener]).steps == 2
    assert listener.started == (2, 1)
    assert [step.number for step in listener.steps] == [2]


def test_more_steps_than_there_are_do_not_slow_the_schedule(dataset: Path, model: Path, tmp_path: Path) -> None:
    rates = []
    for name, settings in (("usual", {}), ("more", {"max_steps": 1000})):
        listener = Listener()
        train(**job(dataset, model, tmp_path / name, samples=0, batch_size=40, **settings), trackers=[listener])
        rates.append([step.learning_rate for step in listener.steps])
    assert rates[0] == rates[1]
    assert len(rates[0]) == 4


def test_a_checkpoint_that_it_resumed_from_may_be_removed_meanwhile(dataset: Path, model: Path, tmp_path: Path) -> None:
    arguments = job(dataset, model, tmp_path / "out", samples=0, batch_size=63, save_every=1, keep=1)
    with pytest.raises(KeyboardInterrupt):
        train(**arguments, trackers=[Listener(stop_after=2)])
    plan = prepare(TrainingJob(str(dataset), str(model), tmp_path / "out", arguments["settings"]))
    plan.__dict__["steps"] = 5  # more than an epoch of the library has, so that it goes round several times
    checkpoint = checkpoints.last(tmp_path / "out" / trainer.CHECKPOINTS, plan.identity)
    assert checkpoint
    assert checkpoint.name == "checkpoint-1"
    resumed = trainer.build(plan, 8, Listeners(), checkpoint)
    resumed.train(resume_from_checkpoint=str(checkpoint))
    assert resumed.state.global_step == 5
    assert not checkpoint.exists()
