"""Saving what was trained, whatever the libraries refuse: the weights first, then all that goes with them."""

from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdrrl_data.errors import Stopped
from sdrrl_data.models.locating import ADAPTER_WEIGHTS
from sdrrl_data.models.saving import generation_settings_as_they_are
from sdrrl_data.training.plan import devices

# What torch says with a RuntimeError where a file cannot be written.
TORCH_WRITES = ("inline_container.cc", "PytorchStreamWriter", "iostream error", "write():")


@contextmanager
def attempted(what: str, failed: MutableSequence[str]) -> Iterator[None]:
    """Go on if this fails, and note what failed and why. What the disk or the memory refuses ends it.

    Args:
        what: is written.
        failed: gets a phrase.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, Stopped) or of_machine(error):
            raise
        failed.append(f"{what} ({why(error)})")


def of_machine(error: Exception) -> bool:
    """Whether it is the disk or the memory that failed, rather than a library or what it was given."""
    from accelerate.utils.memory import should_reduce_batch_size
    from safetensors import SafetensorError

    if isinstance(error, OSError) or should_reduce_batch_size(error):
        return True
    text = str(error)
    # torch writes by a stream of its own, safetensors from Rust: neither raises OSError.
    if isinstance(error, SafetensorError):
        return "I/O error" in text or "os error" in text
    return isinstance(error, RuntimeError) and any(sign in text for sign in TORCH_WRITES)


def why(error: Exception) -> str:
    """What an error says, in one line."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def save_model(trainer: Any, folder: Path, failed: MutableSequence[str]) -> None:
    """Save the model or its adapter, with its tokenizer; of what libraries refuse, the bare weights.

    Args:
        trainer: of transformers.
        folder: to write to.
        failed: gets a phrase for each part that could not be saved.
    """
    before = len(failed)
    with attempted("the model", failed), generation_settings_as_they_are(trainer.model):
        trainer.save_model(str(folder))
    if len(failed) > before and devices() == 1:
        save_weights(trainer.model, folder)
        config = trainer.model.peft_config["default"] if _is_adapted(trainer.model) else trainer.model.config
        with attempted("its configuration", failed):
            config.save_pretrained(folder)
        with attempted("the tokenizer", failed):
            trainer.processing_class.save_pretrained(folder)


def save_weights(model: Any, folder: Path) -> None:
    """Save nothing but the weights that were trained, under the names that loaders know."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    is_adapter = _is_adapted(model)
    weights = {
        name.replace(".default", "") if is_adapter else name: weight.detach().cpu().contiguous()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }
    save_file(weights, folder / (ADAPTER_WEIGHTS if is_adapter else "model.safetensors"), {"format": "pt"})


def sort_sets(model: Any) -> None:
    """Put an order into the sets of an adapter's configuration, so that its file has the same bytes each time."""
    for config in getattr(model, "peft_config", {}).values():
        for name, value in vars(config).items():
            if isinstance(value, set):
                setattr(config, name, sorted(value))


def _is_adapted(model: Any) -> bool:
    return hasattr(model, "peft_config")
