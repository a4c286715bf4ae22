"""An adapter merged into its base: a whole model that every engine can load."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import ADAPTER_WEIGHTS, Located, loading
from sdrrl_data.models.saving import save

WHOLE = re.compile(r"model(-\d+-of-\d+)?\.safetensors")  # the files of a whole model, as transformers names them
PROBES = 32  # tokens behind which the predictions are compared
# How much of the next token's probability may be elsewhere: merging in float32 changes the last digits only.
TOLERANCE = 0.01


def merge(base: Located, adapter: Path, folder: Path, change: Callable[[Any], None] = lambda model: None) -> None:
    """Write the base with the adapter merged into it: merged in float32, saved in the base's own data type.

    Weights that the base's input and output embeddings share are separated first, for an adapter on one of them would
    change the other, too. The written model says so in its configuration (`tie_word_embeddings`).

    Args:
        base: the model that the adapter was trained on.
        adapter: its folder.
        folder: to write to.
        change: called with the merged model before it is saved.

    Raises:
        UserError: the base or the adapter cannot be loaded, they do not fit, or the merged model or the written one is
            not the base with its adapter; then the folder holds no weights.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    with loading("model", base.name):
        dtype = AutoConfig.from_pretrained(base.path, **base.pinned()).dtype or torch.float32
        model = AutoModelForCausalLM.from_pretrained(
            base.path, dtype=torch.float32, use_safetensors=True, **base.pinned()
        )
    with loading("adapter", str(adapter)):
        _fit_vocabulary(model, adapter / ADAPTER_WEIGHTS)
        shared = _shared_embedding(model)
        adapted = PeftModel.from_pretrained(model, str(adapter), torch_device="cpu").eval()
        expected = _next_tokens(adapted)
        if shared is not None:
            _separate(adapted, shared)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shared embeddings, which are separate now
            merged = adapted.merge_and_unload()
    difference = float((_next_tokens(merged) - expected).abs().sum(-1).max() / 2)
    if not difference <= TOLERANCE:  # NaN, too
        raise UserError(
            f"adapter {adapter} cannot be merged into {base.name}: {difference:.0%} of the probability of a next token "
            "is elsewhere in the merged model; use the adapter as it is"
        )
    if shared is not None:
        _tie_if_equal(merged)
    change(merged)
    merged.to(dtype)
    save(merged, folder)
    _check_written(merged, folder, base.name)


def _fit_vocabulary(model: Any, weights: Path) -> None:
    """Give a model as many embeddings as it had when the adapter was trained on it.

    Raises:
        ValueError: embeddings that were added are not in the adapter's file.
    """
    from safetensors import safe_open

    if not weights.is_file():
        return  # the loader says what is missing
    embeddings = (model.get_input_embeddings(), model.get_output_embeddings())
    names = [name for name, module in model.named_modules() if any(module is embedding for embedding in embeddings)]
    # By what peft adds to the name of a module: the axis of the tensor that counts tokens.
    axes = {"weight": 0, "base_layer.weight": 0, "lora_embedding_A": 1, "lora_B.weight": 0}
    rows: dict[str, int] = {}
    with safe_open(weights, "pt") as file:
        for key in set(file.keys()):
            for name in names:
                axis = axes.get(key.removeprefix(f"base_model.model.{name}."))
                if axis is not None:
                    rows[name] = file.get_slice(key).get_shape()[axis]
    before = model.get_input_embeddings().weight.shape[0]
    if set(rows.values()) <= {before}:
        return
    if len(rows) < len(names) and _shared_embedding(model) is None:
        raise ValueError(f"it was trained on more than the {before} tokens of the model, and does not hold all of them")
    model.resize_token_embeddings(max(rows.values()), mean_resizing=False)


def _shared_embedding(model: Any) -> Any:
    """The weights that are both the input and the output embeddings; None where each has its own."""
    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    return inputs.weight if outputs is not None and outputs.weight is inputs.weight else None


def _separate(model: Any, shared: Any) -> None:
    """Give each module but one a copy of the weights that they share."""
    import torch

    users = [
        (module, name)
        for module in model.modules()
        for name, weight in module.named_parameters(recurse=False, remove_duplicate=False)
        if weight is shared
    ]
    for module, name in users[1:]:
        setattr(module, name, torch.nn.Parameter(shared.detach().clone(), requires_grad=False))


def _tie_if_equal(model: Any) -> None:
    """Say whether input and output embeddings are still the same, and share them where they are."""
    import torch

    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    tied = torch.equal(inputs.weight, outputs.weight)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = tied
    if tied:
        outputs.weight = inputs.weight


def _next_tokens(model: Any) -> Any:
    """The probabilities of the next token behind each of some tokens from all over the vocabulary."""
    import torch

    config = model.config.get_text_config()
    tokens = model.get_input_embeddings().weight.shape[0]
    length = min(PROBES, tokens, getattr(config, "max_position_embeddings", None) or PROBES)
    ids = torch.linspace(0, tokens - 1, length).long()
    with torch.inference_mode():
        return model(input_ids=ids[None], use_cache=False).logits[0].double().softmax(-1)


def _check_written(model: Any, folder: Path, name: str) -> None:
    """Load what was written, and compare it with what should have been.

    Raises:
        UserError: a weight differs; the weights in the folder are removed.
    """
    from transformers import AutoModelForCausalLM

    with loading("merged model", name):
        written = AutoModelForCausalLM.from_pretrained(folder, dtype=model.dtype, use_safetensors=True)
    loaded = dict(written.named_parameters(remove_duplicate=False))
    different = [
        weight_name
        for weight_name, weight in model.named_parameters(remove_duplicate=False)
        if weight_name not in loaded or not _is_same(loaded[weight_name], weight)
    ]
    if different:
        for file in folder.glob("*.safetensors"):
            if WHOLE.fullmatch(file.name):
                file.unlink()
        raise UserError(
            f"the merged model of {name} is not the same once it is loaded again: {different[0]} differs; "
            "use the adapter as it is"
        )


def _is_same(first: Any, second: Any) -> bool:
    """Whether weights are equal; the loader keeps some in float32."""
    return first.shape == second.shape and bool(((first == second) | (first.isnan() & second.isnan())).all())
