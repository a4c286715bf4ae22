"""An adapter made part of its model."""

from pathlib import Path

from sdrrl_data.models.locating import loading
from sdrrl_data.training import turn_ends
from sdrrl_data.training.plan import Plan


def merge(plan: Plan, adapter: Path, out: Path) -> None:
    """Write the base model with the adapter in it, in the base's own precision; added in float32.

    The base is read anew: what was trained may be quantized, or spread over several devices.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    located = plan.located
    with loading("model", located.name):
        own = AutoConfig.from_pretrained(located.path, **located.pinned()).dtype or torch.float32
        base = AutoModelForCausalLM.from_pretrained(
            located.path, dtype=torch.float32, use_safetensors=True, **located.pinned()
        )
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    if plan.new_end is not None:
        turn_ends.add_end(merged, plan.new_end)
    merged.to(own).save_pretrained(out)
    plan.chat.tokenizer.save_pretrained(out)
