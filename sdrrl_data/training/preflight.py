"""What a model's configuration and tokenizer rule out, said before any weights are loaded."""

from typing import Any

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import loading
from sdrrl_data.training.settings import AdapterConfig, TrainingConfig


def check_objective(settings: TrainingConfig, adapter: str | None) -> None:
    """Refuse settings that do not go together with the objective, or with an adapter to begin with.

    Args:
        settings: of the training.
        adapter: to begin with.

    Raises:
        UserError: there are some.
    """
    objective = settings.objective
    if objective != "sft":
        for name, is_set in (("packing", settings.packing), ("replay", settings.replay)):
            if is_set:
                raise UserError(f"{name} goes with objective sft alone: leave it out for objective {objective}")
    if objective == "sdft":
        if settings.patience:
            raise UserError("patience needs a loss on the test split, which objective sdft has not: leave it out")
        if settings.method == "full":
            raise UserError(
                "objective sdft needs an adapter, without which the model is the teacher: set method to lora"
            )
    if adapter and settings.method == "full":
        raise UserError("--adapter is trained on as it is: leave out method full, or merge the adapter into the model")
    if adapter and settings.lora != AdapterConfig():
        raise UserError("--adapter brings its own shape: leave out the settings lora")


def check_targets(settings: TrainingConfig, config: Any, model: str) -> None:
    """Refuse layers for the adapter that the model does not have, or that cannot have one.

    Args:
        settings: of the training.
        config: the model's, of transformers.
        model: its name, for the error's sentence.

    Raises:
        UserError: one of `lora.targets` is not a layer that can be trained; or transformers has no such model.
    """
    if settings.method == "full" or isinstance(settings.lora.targets, str):
        return
    skeleton = _without_weights(config, model)
    layers = {name: layer for name, layer in skeleton.named_modules() if _can_be_adapted(layer)}
    outputs = skeleton.get_output_embeddings()
    for target in settings.lora.targets:
        # As peft looks for them: by the whole name, or by its last parts.
        matches = [layer for name, layer in layers.items() if f".{name}".endswith(f".{target}")]
        if not matches:
            names = sorted({name.rpartition(".")[2] for name, layer in layers.items() if layer is not outputs})
            raise UserError(
                f"lora.targets: model {model} has no layer {target} that an adapter can be on: it has "
                f"{', '.join(names)}"
            )
        if any(layer is outputs for layer in matches):
            raise UserError(
                f"lora.targets: {target} is the output layer of model {model}, and TRL cannot train an adapter on it: "
                "leave it out, or set method to full"
            )


def check_vocabulary(tokenizer: Any, config: Any, rows: pl.DataFrame, model: str) -> None:
    """Refuse rows with tokens that the model has no embedding for.

    A padding token without embedding is replaced by the end token, as nothing is learned of padding.

    Args:
        tokenizer: of transformers.
        config: the model's.
        rows: with the column input_ids.
        model: its name, for the error's sentence.

    Raises:
        UserError: there is such a token.
    """
    size = getattr(config.get_text_config(), "vocab_size", None)
    if size is None:
        return
    ends = [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
    if tokenizer.pad_token_id is not None and tokenizer.pad_token_id >= size and ends and ends[0] < size:
        tokenizer.pad_token = tokenizer.eos_token
    padding = [tokenizer.pad_token_id] if tokenizer.pad_token_id is not None else []
    largest = max([rows["input_ids"].list.max().max() or 0, *padding])
    if largest >= size:
        token = tokenizer.convert_ids_to_tokens(int(largest))
        raise UserError(
            f"the tokenizer of model {model} has more tokens than the model has embeddings: {token!r} is number "
            f"{largest}, and there are {size}; resize the model's embeddings (resize_token_embeddings of transformers) "
            "and save it, or choose a chat template that needs no new tokens"
        )


def _without_weights(config: Any, model: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    with loading("model", model), torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def _can_be_adapted(layer: Any) -> bool:
    import torch
    from transformers.pytorch_utils import Conv1D

    return isinstance(layer, torch.nn.Linear | torch.nn.Embedding | Conv1D)
