"""An adapter merged into its base is the base with its adapter, wherever the adapter is."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import Located
from sdrrl_data.models.merging import merge

pytestmark = pytest.mark.long

TOKENS = 100
SIZES: dict[str, Any] = {
    "vocab_size": TOKENS,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "initializer_range": 0.3,
    "pad_token_id": None,
}
MODELS = {
    "tied": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True)),
    "untied": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=False)),
    # Its embeddings are tied, and multiplied by the root of the width before the first layer.
    "scaled": lambda: Gemma2ForCausalLM(Gemma2Config(**SIZES, head_dim=16)),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=TOKENS, n_embd=32, n_layer=2, n_head=2, n_positions=24, initializer_range=0.3)
    ),
}
LLAMA_ADAPTERS: dict[str, dict[str, Any]] = {
    "layers": {"target_modules": "all-linear"},
    "inputs": {"target_modules": ["embed_tokens", "q_proj"]},
    "outputs": {"target_modules": ["lm_head"]},
    "both": {"target_modules": ["embed_tokens", "lm_head"]},
    "both, tied": {"target_modules": ["embed_tokens", "lm_head"], "ensure_weight_tying": True},
    "saved inputs": {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]},
    "saved outputs": {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    "some tokens": {"target_modules": ["q_proj"], "trainable_token_indices": [3, 99]},
    "DoRA": {"target_modules": ["embed_tokens", "q_proj"], "use_dora": True},
    "rsLoRA": {"target_modules": ["embed_tokens", "v_proj"], "use_rslora": True},
}
DEFAULTS = {"do_sample": None, "num_beams": None}  # of generation, where nothing is said
CASES = [
    *(("tied", settings) for settings in LLAMA_ADAPTERS.values()),
    *(("untied", LLAMA_ADAPTERS[name]) for name in ("layers", "both", "saved outputs")),
    *(("scaled", LLAMA_ADAPTERS[name]) for name in ("layers", "inputs", "outputs", "saved inputs")),
    ("gpt2", {"target_modules": ["wte", "c_attn"]}),
]


def write_base(kind: str, folder: Path) -> Located:
    torch.manual_seed(1)
    MODELS[kind]().save_pretrained(folder)
    return Located(str(folder), folder.name, "1", None)


def write_adapter(base: Located, folder: Path, tokens: int | None = None, **settings: Any) -> Path:
    """An adapter whose every weight differs from zero."""
    model = AutoModelForCausalLM.from_pretrained(base.path)
    if tokens:
        model.resize_token_embeddings(tokens)
    get_peft_model(model, LoraConfig(r=4, task_type="CAUSAL_LM", **settings)).save_pretrained(folder)
    torch.manual_seed(2)
    file = folder / "adapter_model.safetensors"
    weights = {
        name: weight if "base_layer" in name else weight + 0.2 * torch.randn(weight.shape)
        for name, weight in load_file(file).items()
    }
    save_file(weights, file)
    return folder


def logits(model: Any, tokens: int = TOKENS) -> torch.Tensor:
    ids = torch.tensor([[3, tokens - 1, *range(5, 23)]])
    with torch.inference_mode():
        return model(ids).logits  # type: ignore[no-any-return]


@pytest.mark.parametrize(("kind", "settings"), CASES, ids=str)
def test_a_merged_model_predicts_what_base_and_adapter_do(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    base = write_base(kind, tmp_path / "base")
    adapter = write_adapter(base, tmp_path / "adapter", **settings)
    merge(base, adapter, tmp_path / "merged")
    plain = logits(AutoModelForCausalLM.from_pretrained(base.path))
    expected = logits(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.path), adapter))
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.allclose(logits(merged), expected, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(expected, plain, atol=0.1)
    same = torch.equal(merged.get_input_embeddings().weight, merged.get_output_embeddings().weight)
    assert json.loads((tmp_path / "merged/config.json").read_text())["tie_word_embeddings"] is same


def test_only_an_adapter_on_the_embeddings_separates_them(tmp_path: Path) -> None:
    base = write_base("tied", tmp_path / "base")
    merge(base, write_adapter(base, tmp_path / "on layers", **LLAMA_ADAPTERS["layers"]), tmp_path / "small")
    merge(base, write_adapter(base, tmp_path / "on inputs", **LLAMA_ADAPTERS["inputs"]), tmp_path / "large")
    assert "lm_head.weight" not in load_file(tmp_path / "small/model.safetensors")
    assert "lm_head.weight" in load_file(tmp_path / "large/model.safetensors")


@pytest.mark.parametrize("kind", ["tied", "untied"])
@pytest.mark.parametrize("tokens", [TOKENS + 3, TOKENS - 4])
def test_an_adapter_with_a_resized_vocabulary(kind: str, tokens: int, tmp_path: Path) -> None:
    base = write_base(kind, tmp_path / "base")
    adapter = write_adapter(base, tmp_path / "adapter", tokens, target_modules=["q_proj", "v_proj"])
    merge(base, adapter, tmp_path / "merged")
    resized = AutoModelForCausalLM.from_pretrained(base.path)
    resized.resize_token_embeddings(tokens)
    expected = logits(PeftModel.from_pretrained(resized, adapter), tokens)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert merged.config.vocab_size == tokens
    assert torch.allclose(logits(merged, tokens), expected, atol=1e-3, rtol=1e-3)


def test_added_tokens_that_the_adapter_does_not_hold(tmp_path: Path) -> None:
    base = write_base("untied", tmp_path / "base")
    adapter = write_adapter(base, tmp_path / "adapter", TOKENS + 3, target_modules=["q_proj"])
    weights = load_file(adapter / "adapter_model.safetensors")
    del weights["base_model.model.lm_head.weight"]
    save_file(weights, adapter / "adapter_model.safetensors")
    with pytest.raises(UserError, match="trained on more than the 100 tokens of the model"):
        merge(base, adapter, tmp_path / "merged")


def test_an_adapter_that_is_broken_is_not_believed(tmp_path: Path) -> None:
    base = write_base("tied", tmp_path / "base")
    adapter = write_adapter(base, tmp_path / "adapter", target_modules=["q_proj"])
    weights = load_file(adapter / "adapter_model.safetensors")
    save_file({name: weight * float("nan") for name, weight in weights.items()}, adapter / "adapter_model.safetensors")
    with pytest.raises(UserError, match="cannot be merged into base"):
        merge(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.6, "top_p": 0.9},  # as Llama 2 came out
        {"top_p": 0.8},
        {"typical_p": 0.9, "do_sample": False},
        {"num_beams": 1, "length_penalty": 2.0, "pad_token_id": -1},
    ],
    ids=str,
)
def test_generation_settings_stay_as_they_are(settings: dict[str, Any], tmp_path: Path) -> None:
    base = write_base("tied", tmp_path / "base")
    path = Path(base.path, "generation_config.json")
    path.write_text(json.dumps(settings))
    merge(base, write_adapter(base, tmp_path / "adapter", target_modules=["q_proj"]), tmp_path / "merged")
    merged = json.loads((tmp_path / "merged/generation_config.json").read_text())
    assert {name: merged.get(name, DEFAULTS.get(name)) for name in {*settings, *DEFAULTS}} == DEFAULTS | settings


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_base_keeps_its_data_type(dtype: torch.dtype, tmp_path: Path) -> None:
    base = write_base("tied", tmp_path / "base")
    AutoModelForCausalLM.from_pretrained(base.path, dtype=dtype).save_pretrained(base.path)
    merge(base, write_adapter(base, tmp_path / "adapter", **LLAMA_ADAPTERS["inputs"]), tmp_path / "merged")
    assert {weight.dtype for weight in load_file(tmp_path / "merged/model.safetensors").values()} == {dtype}
