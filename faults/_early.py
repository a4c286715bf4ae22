"""What commands import late: imported here, so that the processes that are forked from this one need not."""

import importlib

for name in ("datasets", "huggingface_hub.hf_api", "matplotlib.backends.backend_agg", "openai", "transformers"):
    importlib.import_module(name)
