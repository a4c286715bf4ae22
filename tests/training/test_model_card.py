"""The card of a trained model says what it is, and names nothing of the machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from sdrrl_data.training import model_card, record
from sdrrl_data.training.losses import Loss
from sdrrl_data.training.plan import TrainingJob, TrainingPlan, prepare
from sdrrl_data.training.reporting import Sample
from sdrrl_data.training.settings import ReplayConfig, TrainingConfig

from .conftest import SIGNATURE, some_rows, write

LOSSES = {
    0: {("answer", "en->pt"): Loss(40.0, 10), ("answer", "en->en"): Loss(20.0, 10)},
    5: {("answer", "en->pt"): Loss(15.0, 10), ("answer", "en->en"): Loss(21.0, 10)},
}
NASTY = "Look: ```\n</details> | <b>\n````"


@pytest.fixture(scope="module")
def plan(dataset: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingPlan:
    folder = tmp_path_factory.mktemp("card")
    replay = ReplayConfig(share=0.2, dataset=str(write(folder / "kept", some_rows())))
    return prepare(TrainingJob(str(dataset), str(model), folder / "out", TrainingConfig(max_length=40, replay=replay)))


def written(plan: TrainingPlan, adapter: bool = True, losses: Any = LOSSES) -> str:
    samples = {
        name: [Sample([{"role": "user", "content": NASTY}], answer)]
        for name, answer in (("before", NASTY), ("after", "A casa."))
    }
    return model_card.write(plan, record.write(plan, 8, 5, losses, 4), samples, adapter)


def head(text: str) -> dict[str, Any]:
    found = yaml.safe_load(text.split("---\n", 2)[1])
    assert isinstance(found, dict)
    return found


def test_its_head_is_the_hubs(plan: TrainingPlan) -> None:
    from huggingface_hub import ModelCard

    found = head(written(plan))
    assert found == {
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "license": "apache-2.0",
        "language": ["en", "pt"],
        "tags": ["sdrrl", "distillation", "trl", "sft", "lora"],
    }
    assert ModelCard(written(plan)).data.license == "apache-2.0"
    there = replace(
        plan,
        located=plan.located._replace(name="org/base"),
        source=plan.source._replace(name="org/set", on_hub=True),
    )
    found = head(written(there, adapter=False))
    assert (found["base_model"], found["base_model_relation"]) == ("org/base", "finetune")
    assert (found["datasets"], found["library_name"]) == (["org/set"], "transformers")


def test_it_says_what_was_trained_on_what(plan: TrainingPlan) -> None:
    text = written(plan)
    tokens = MarkdownIt("commonmark").enable("table").parse(text.split("---\n", 2)[2])
    cells = [token.content for token in tokens if token.type == "inline"]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert plan.located.revision in cells
    assert plan.source.revision in cells
    assert SIGNATURE + "\n" in fences
    assert cells[(at := cells.index("all")) : at + 5] == ["all", "3.0000", "1.8000", "-1.2000", "20"]
    assert "+0.1000" in cells
    assert f"user: {NASTY}\n" in fences
    assert NASTY + "\n" in fences
    assert "The weights are those after step 5" in text
    assert f"{plan.train.dropped['longer than 40 tokens']} rows (longer than 40 tokens)" in text


def test_it_holds_no_path_and_is_the_same_again(plan: TrainingPlan) -> None:
    text = written(plan)
    for path in (plan.job.out.parent, Path(plan.job.model).parent, Path(plan.job.dataset).parent):
        assert str(path) not in text
    assert text == written(plan)


def test_without_a_test_split_it_has_no_losses(plan: TrainingPlan) -> None:
    assert "## Losses" not in written(plan, losses={})


@pytest.mark.parametrize("adapter", [True, False])
def test_its_python_is_python(plan: TrainingPlan, adapter: bool) -> None:
    compile(written(plan, adapter).split("```python\n")[1].split("```")[0], "card", "exec")
