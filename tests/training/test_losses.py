"""The losses on the test split are exact: each token counts the same, whatever the batches."""

from pathlib import Path

import pytest

from sdrrl_data.training import trainer
from sdrrl_data.training.losses import Loss, by_kind, measure, together
from sdrrl_data.training.plan import TrainingJob, prepare
from sdrrl_data.training.reporting import Listeners
from sdrrl_data.training.settings import TrainingConfig

from .conftest import some_rows


@pytest.mark.parametrize("at_once", [1, 3, 8])
def test_they_are_those_of_one_row_after_the_other(dataset: Path, model: Path, tmp_path: Path, at_once: int) -> None:
    import torch

    plan = prepare(TrainingJob(str(dataset), str(model), tmp_path / "out", TrainingConfig(precision="float32")))
    own = trainer.build(plan, 1, Listeners())
    found = measure(own.model, plan.test.table, at_once, own.accelerator, padding=0)
    expected: dict[tuple[str, str], list[float]] = {}
    own.model.eval()
    for task, direction, ids, start in plan.test.table.select("task", "direction", "input_ids", "start").iter_rows():
        with torch.no_grad():
            logits = own.model(torch.tensor([ids])).logits[0]
        likely = logits.log_softmax(-1)[range(start - 1, len(ids) - 1), ids[start:]]
        expected.setdefault((task, direction), []).extend((-likely).tolist())
    assert set(found) == {(row["task"], row["direction"]) for row in some_rows()}
    for kind, tokens in expected.items():
        assert found[kind].tokens == len(tokens)
        assert found[kind].nll == pytest.approx(sum(tokens), rel=1e-5)


def test_tasks_and_directions_are_summed_by_tokens() -> None:
    losses = {
        ("answer", "en->pt"): Loss(6.0, 2),
        ("answer", "pt->en"): Loss(2.0, 2),
        ("translate", "en->pt"): Loss(1, 6),
    }
    assert together(losses).mean == pytest.approx(0.9)
    assert {name: own.mean for name, own in by_kind(losses).items()} == {
        "answer": 2.0, "translate": pytest.approx(1 / 6), "en->pt": pytest.approx(7 / 8), "pt->en": 1.0,
    }  # fmt: skip
    assert together({}).mean == 0.0
