"""The content of `training.yaml`: model, dataset, settings, versions, and the figures of the training."""

from collections.abc import Mapping
from platform import python_version
from typing import Any

from sdrrl_data.recipe import overrides
from sdrrl_data.run.versions import installed
from sdrrl_data.training.losses import Figures, Losses, by_kind, together
from sdrrl_data.training.plan import TrainingPlan, devices
from sdrrl_data.training.rows import Rows
from sdrrl_data.training.trainer import in_bf16

PACKAGES = ("accelerate", "bitsandbytes", "datasets", "deepspeed", "peft", "sdrrl-data", "torch", "transformers", "trl")


def about(plan: TrainingPlan) -> dict[str, Any]:
    """What is known before the training begins."""
    settings = plan.settings.model_dump(mode="json")
    if plan.replayed:
        settings["replay"]["dataset"] = plan.replayed.name  # without the path on this machine
    return {
        "model": {"name": plan.located.name, "revision": plan.located.revision, "licence": plan.located.licence},
        "dataset": _dataset(plan.source),
        **({"replay": _dataset(plan.replayed)} if plan.replayed else {}),
        **({"adapter": plan.identity.adapter} if plan.adapter else {}),
        "signature": "\n".join(plan.source.signatures) or "unknown",
        "settings": settings,
        "versions": {"python": python_version(), **installed(PACKAGES)},
    }


def write(plan: TrainingPlan, steps: int, best: int, losses: Mapping[int, Losses], at_once: int) -> dict[str, Any]:
    """Everything, after the training has ended.

    Args:
        plan: the training's.
        steps: how many were done.
        best: the step whose weights were written.
        losses: on the test split, by step; 0 is before the training.
        at_once: how many rows a device took at once.
    """
    rows = plan.train.table.height
    figures = {
        "rows": {"train": rows, "test": plan.test.table.height, "over all epochs": len(plan.order)},
        "tokens over all epochs": plan.tokens,
        "dropped": {"train": plan.train.dropped, "test": plan.test.dropped},
        "cut": {"train": plan.train.cut, "test": plan.test.cut},
        "reasoning left out by the chat template": {
            "train": plan.train.reasoning_lost,
            "test": plan.test.reasoning_lost,
        },
        "tokens a row, at most": plan.limit,
        "rows a step": plan.batch,
        "rows at once": at_once,
        "devices": devices(),
        "calculated in": "bf16" if in_bf16(plan.settings) else "float32",
        "steps": steps,
        "step written": best,
    }
    measured = {name: _losses(losses[step]) for name, step in (("before", 0), ("after", best)) if losses.get(step)}
    return {**about(plan), "figures": figures, "losses": measured}


def as_yaml(content: Mapping[str, Any]) -> str:
    """The text of the file."""
    return overrides.written(dict(content))


def _dataset(rows: Rows) -> dict[str, Any]:
    return {"name": rows.name, "config": rows.config, "revision": rows.revision, "licence": rows.licence}


def _losses(losses: Losses) -> dict[str, Any]:
    """Losses in nats per token of the completions; of pairs, the figures of the objective."""
    kinds = {name: _rounded(figures) for name, figures in by_kind(losses).items()}
    return {"all": _rounded(together(losses)), **kinds}


def _rounded(figures: Figures) -> dict[str, Any]:
    return {name: round(figure, 6) for name, figure in figures.named().items()} | figures.counted()
