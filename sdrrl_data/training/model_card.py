"""The card of a trained model."""

from collections.abc import Mapping, Sequence
from typing import Any

from sdrrl_data import languages
from sdrrl_data.cards.markdown import environment
from sdrrl_data.errors import UserError
from sdrrl_data.training.plan import TrainingPlan
from sdrrl_data.training.reporting import Sample
from sdrrl_data.training.sampling import LONGEST


def write(plan: TrainingPlan, record: Mapping[str, Any], samples: Mapping[str, Sequence[Sample]], adapter: bool) -> str:
    """The card for the model's folder (README.md): Markdown with a YAML head.

    Args:
        plan: the training's.
        record: the content of `training.yaml`.
        samples: "before" and "after", for the same prompts.
        adapter: whether the folder holds an adapter rather than a whole model.
    """
    tags = _languages(plan)
    return (
        environment()
        .get_template("model.md.jinja")
        .render(
            head=_head(plan, record, tags, adapter),
            objective=plan.objective,
            title=f"{plan.located.name.rpartition('/')[2]} on {plan.source.name.rpartition('/')[2]}",
            base=plan.located.name,
            dataset=plan.source.name,
            languages=[languages.find(tag).name for tag in tags],
            record=record,
            adapter=adapter,
            longest=LONGEST,
            answers=[
                (_prompt(before), before.answer, after.answer)
                for before, after in zip(samples["before"], samples["after"], strict=False)
            ],
        )
    )


def _head(plan: TrainingPlan, record: Mapping[str, Any], tags: Sequence[str], adapter: bool) -> dict[str, Any]:
    """The YAML head. Models and datasets that are not on the Hub are left out: it could not link to them."""
    method = plan.settings.method
    head = {
        "base_model": plan.located.name if "/" in plan.located.name else None,
        "base_model_relation": ("adapter" if adapter else "finetune") if "/" in plan.located.name else None,
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": "text-generation",
        "license": record["model"]["licence"],
        "language": list(dict.fromkeys(tag.split("-")[0] for tag in tags)),
        "datasets": [dataset.name for dataset in (plan.source, plan.replayed) if dataset and dataset.on_hub],
        "tags": ["sdrrl", "distillation", "trl", plan.settings.objective, *([] if method == "full" else ["lora"])],
    }
    return {key: value for key, value in head.items() if value}


def _languages(plan: TrainingPlan) -> list[str]:
    """The language tags in the directions of the rows, the source language first."""
    tags = {tag for direction in plan.train.table["direction"].unique() for tag in direction.split("->")}
    return sorted(filter(_known, tags), key=lambda tag: (tag != plan.source.src, tag))


def _known(tag: str) -> bool:
    try:
        return languages.find(tag).tag == tag
    except UserError:
        return False


def _prompt(sample: Sample) -> str:
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in sample.prompt)
