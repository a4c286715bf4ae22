"""Merging an adapter into its model."""

from pathlib import Path

from sdrrl_data.models.locating import loading
from sdrrl_data.training import turn_ends
from sdrrl_data.training.plan import TrainingPlan


def merge(plan: TrainingPlan, adapter: Path, out: Path) -> None:
    """Write the base model with the adapter merged into it: merged in float32, saved in the base's own data type.

    The base is loaded again, because the trained model may be quantized or divided over several devices.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    located = plan.located
    with loading("model", located.name):
        dtype = AutoConfig.from_pretrained(located.path, **located.pinned()).dtype or torch.float32
        base = AutoModelForCausalLM.from_pretrained(
            located.path, dtype=torch.float32, use_safetensors=True, **located.pinned()
        )
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    if plan.new_end is not None:
        turn_ends.add_end(merged, plan.new_end)
    merged.to(dtype).save_pretrained(out)
    plan.chat.tokenizer.save_pretrained(out)
