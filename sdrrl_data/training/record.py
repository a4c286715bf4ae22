"""What stands in `training.yaml`: what was trained on what, how, and what came of it."""

from collections.abc import Mapping
from platform import python_version
from typing import Any

from sdrrl_data.recipe import overrides
from sdrrl_data.run.versions import installed
from sdrrl_data.training.losses import Losses, by_kind, together
from sdrrl_data.training.plan import Plan, devices
from sdrrl_data.training.rows import Rows
from sdrrl_data.training.trainer import in_bf16

PACKAGES = ("accelerate", "bitsandbytes", "datasets", "deepspeed", "peft", "sdrrl-data", "torch", "transformers", "trl")


def about(plan: Plan) -> dict[str, Any]:
    """What is known before it begins."""
    settings = plan.settings.model_dump(mode="json")
    if plan.replayed:
        settings["replay"]["dataset"] = plan.replayed.name  # no path of this machine
    return {
        "model": {"name": plan.located.name, "revision": plan.located.revision, "licence": plan.located.licence},
        "dataset": _dataset(plan.source),
        **({"replay": _dataset(plan.replayed)} if plan.replayed else {}),
        "signature": "\n".join(plan.source.signatures) or "unknown",
        "settings": settings,
        "versions": {"python": python_version(), **installed(PACKAGES)},
    }


def write(plan: Plan, steps: int, best: int, losses: Mapping[int, Losses], at_once: int) -> dict[str, Any]:
    """Everything, once it has ended.

    Args:
        plan: what was to be done.
        steps: that were done.
        best: the step whose weights were written.
        losses: on the test split, by step; 0: before.
        at_once: rows that a device took at once.
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
    """As it stands in the file."""
    return overrides.written(dict(content))


def _dataset(rows: Rows) -> dict[str, Any]:
    return {"name": rows.name, "config": rows.config, "revision": rows.revision, "licence": rows.licence}


def _losses(losses: Losses) -> dict[str, Any]:
    """Nats a token of the completions."""
    kinds = {name: {"loss": round(own.mean, 6), "tokens": own.tokens} for name, own in by_kind(losses).items()}
    return {"all": {"loss": round(together(losses).mean, 6), "tokens": together(losses).tokens}, **kinds}
