"""What cannot be trained is said before any weights are loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.training.plan import TrainingJob, TrainingPlan, prepare
from sdrrl_data.training.settings import AdapterConfig, TrainingConfig
from sdrrl_data.training.train import train

from .conftest import MakeModel
from .test_train import job


def plan(dataset: Path, model: Path, *targets: str, **settings: Any) -> TrainingPlan:
    if targets:
        settings["lora"] = AdapterConfig(targets=targets)
    return prepare(TrainingJob(str(dataset), str(model), Path("out"), TrainingConfig(**settings)))


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (["query_proj"], r"lora\.targets: model tiny-llama has no layer query_proj .*it has down_proj, embed_tokens"),
        (["q_proj", "qproj"], "has no layer qproj"),
        (["proj"], "has no layer proj"),  # a part of a name is not one
        (["self_attn"], "has no layer self_attn"),
        (["input_layernorm"], "has no layer input_layernorm"),
        (["q_proj", "lm_head"], "lm_head is the output layer of model tiny-llama, and TRL cannot train"),
    ],
)
def test_layers_that_cannot_be_adapted(dataset: Path, model: Path, targets: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        plan(dataset, model, *targets)


@pytest.mark.parametrize("targets", [["q_proj"], ["self_attn.v_proj"], ["model.layers.0.mlp.up_proj", "embed_tokens"]])
def test_layers_that_can(dataset: Path, model: Path, tmp_path: Path, targets: list[str]) -> None:
    settings = job(dataset, model, tmp_path / "out", samples=0, max_steps=1, lora=AdapterConfig(targets=tuple(targets)))
    assert train(**settings).steps == 1


def test_targets_of_an_adapter_say_nothing_where_all_weights_are_trained(dataset: Path, model: Path) -> None:
    assert plan(dataset, model, "lm_head", method="full").steps


def with_fewer_embeddings(model: Path, tokens: int) -> Path:
    """The model, said to have fewer embeddings: nothing else is read before its weights are."""
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"vocab_size": tokens}))
    return model


def test_more_tokens_than_embeddings(dataset: Path, make_model: MakeModel) -> None:
    model = with_fewer_embeddings(make_model(), 200)
    with pytest.raises(UserError, match=r"more tokens than the model has embeddings: '.+' is number \d{3}, and there"):
        plan(dataset, model)


def test_tokens_that_no_row_has_need_no_embedding(dataset: Path, make_model: MakeModel) -> None:
    from transformers import AutoTokenizer

    model = make_model()
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens(["<|unused|>"])
    tokenizer.save_pretrained(model)
    assert plan(dataset, model).steps


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_padding_token_without_embedding_is_not_used(
    dataset: Path, make_model: MakeModel, tmp_path: Path, method: str
) -> None:
    from transformers import AutoTokenizer

    model = make_model()
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(model)
    assert plan(dataset, model).chat.tokenizer.pad_token == "<|im_end|>"
    assert train(**job(dataset, model, tmp_path / "out", samples=0, max_steps=1, method=method)).steps == 1
