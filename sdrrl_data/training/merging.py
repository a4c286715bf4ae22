"""Merging an adapter into its model."""

from pathlib import Path
from typing import Any

from sdrrl_data.models import merging
from sdrrl_data.training import turn_ends
from sdrrl_data.training.plan import TrainingPlan


def merge(plan: TrainingPlan, adapter: Path, out: Path) -> None:
    """Write the base model with the adapter merged into it, with its tokenizer, and where it stops.

    The base is loaded again, because the trained model may be quantized or divided over several devices.

    Raises:
        UserError: the merged model is not the base with its adapter.
    """

    def stop_at_new_end(model: Any) -> None:
        if plan.new_end is not None:
            turn_ends.add_end(model, plan.new_end)

    merging.merge(plan.located, adapter, out, stop_at_new_end)
    plan.chat.tokenizer.save_pretrained(out)
