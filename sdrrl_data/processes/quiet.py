"""Variables that keep the libraries of a process off the screen; they read them when they are imported."""

import os
import sys
from collections.abc import Mapping

VARIABLES = {
    "DATASETS_VERBOSITY": "error",
    "HF_HUB_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "TORCH_LOGS": "-all",
    "TQDM_DELAY": "5",  # seconds: a download shows its bar; weights that are read from the disk do not
    "TRANSFORMERS_VERBOSITY": "error",
    "TRL_EXPERIMENTAL_SILENCE": "1",  # of trainers whose place in TRL is not settled
    "VLLM_LOGGING_LEVEL": "ERROR",
}


def environment() -> Mapping[str, str]:
    """The variables of this process with those above, of which the user's own stay as they are."""
    no_bars = {} if sys.stderr is not None and sys.stderr.isatty() else {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return VARIABLES | no_bars | os.environ
