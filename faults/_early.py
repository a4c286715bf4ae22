"""What commands import late: imported here, so that the processes that are forked from this one need not."""

import importlib

from faults._tries import is_short

LATE = ("datasets", "huggingface_hub.hf_api", "matplotlib.backends.backend_agg", "openai", "transformers")
TRAINING = ("torch", "transformers.models.llama.modeling_llama", "peft", "trl", "sdrrl_data.training.trainer")

for name in LATE if is_short() else (*LATE, *TRAINING):
    importlib.import_module(name)
