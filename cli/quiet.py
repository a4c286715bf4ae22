"""Keeps the libraries' own messages off the screen. Variables that the user has set stay as they are."""

import os
import sys
import warnings

# The libraries read them when they are imported, and so do the processes that they start.
QUIET = {
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


def silence_libraries() -> None:
    """Call this before anything heavy is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
