"""What is saved with a trained model has it served as it was trained: its chat template, and what ends a turn."""

from pathlib import Path
from typing import Any

import pytest

from sdrrl_data import recipe
from sdrrl_data.chat.rendering import Chat
from sdrrl_data.protocols import Request, Sampling
from sdrrl_data.training.plan import TrainingJob, prepare
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.train import train

from .conftest import CHATML, PLAIN, MakeModel

pytestmark = pytest.mark.long

QUESTION = [{"role": "user", "content": "What is this house like?"}]
HINTED = CHATML.replace("assistant\n{%", "assistant\n{{ hint }}{%")
FAST: dict[str, Any] = {"max_steps": 2, "batch_size": 4, "at_once": 2, "samples": 0, "precision": "float32"}


def saved_prompt(folder: Path) -> Any:
    """What a server that knows nothing of the training sends."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    served = tokenizer.apply_chat_template(QUESTION, add_generation_prompt=True, return_dict=False)
    request = Request("key", QUESTION, 1, Sampling(0.0, 1.0, 1.0, 9))  # type: ignore[arg-type]
    assert Chat(tokenizer, recipe.GeneratorConfig(model=str(folder))).tokenize(request) == served
    return served


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_base_model_is_served_as_it_was_trained(
    dataset: Path, make_model: MakeModel, tmp_path: Path, method: str
) -> None:
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    base = make_model(None, end="<|end_of_text|>")
    settings = TrainingConfig(template=HINTED, template_options={"hint": "Answer: "}, method=method, **FAST)  # type: ignore[arg-type]
    job = TrainingJob(str(dataset), str(base), tmp_path / "out", settings, merge=method == "lora")
    train(job.dataset, job.model, job.out, settings=job.settings, merge=job.merge)
    plan = prepare(job)
    prompt = plan.chat.prompt(QUESTION)  # type: ignore[arg-type]
    assert plan.chat.tokenizer.decode(prompt).endswith("assistant\nAnswer: ")
    row = plan.train.table.row(0, named=True)
    assert row["input_ids"][: row["start"]] == plan.chat.prompt(row["prompt"])

    wholes = [job.out, *(job.out / "checkpoints").glob("checkpoint-*")] if method == "full" else [job.out]
    adapters = [job.out / "adapter"] if method == "lora" else []
    for folder in [*wholes, *adapters]:
        assert saved_prompt(folder) == prompt
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert tokenizer.eos_token == "<|im_end|>"
        ends = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|end_of_text|>"])
        assert GenerationConfig.from_pretrained(folder).eos_token_id == ends
        if folder in wholes:
            assert AutoConfig.from_pretrained(folder).eos_token_id == ends
    for checkpoint in (job.out / "checkpoints").glob("checkpoint-*"):
        assert saved_prompt(checkpoint) == prompt


def test_a_model_that_stops_there_already_is_left_as_it_is(dataset: Path, model: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    job = TrainingJob(str(dataset), str(model), tmp_path / "out", TrainingConfig(**FAST))
    train(job.dataset, job.model, job.out, settings=job.settings, merge=job.merge)
    assert prepare(job).new_end is None
    assert not (job.out / "generation_config.json").exists()
    before, after = (AutoTokenizer.from_pretrained(folder) for folder in (model, job.out))
    assert (after.eos_token, after.chat_template) == (before.eos_token, before.chat_template)


def test_a_model_whose_generation_stops_there_is_left_as_it_is(
    dataset: Path, make_model: MakeModel, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    model = make_model(CHATML, end="<|end_of_text|>")
    tokenizer = AutoTokenizer.from_pretrained(model)
    ends = tokenizer.convert_tokens_to_ids(["<|end_of_text|>", "<|im_end|>"])
    job = TrainingJob(str(dataset), str(model), tmp_path / "out", TrainingConfig(**FAST))
    assert prepare(job).new_end == ends[1]
    GenerationConfig(eos_token_id=ends).save_pretrained(model)
    plan = prepare(job)
    assert plan.new_end is None
    assert plan.chat.tokenizer.eos_token == "<|end_of_text|>"


@pytest.mark.parametrize(("template", "method"), [(CHATML, "lora"), (CHATML, "full"), (PLAIN, "lora")])
def test_an_end_that_the_tokenizer_alone_names_is_named_everywhere(
    dataset: Path, make_model: MakeModel, tmp_path: Path, template: str, method: str
) -> None:
    """As transformers would not stop there."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    model = make_model(template)
    tokenizer = AutoTokenizer.from_pretrained(model)
    other, end = tokenizer.convert_tokens_to_ids(["<|end_of_text|>", "<|im_end|>"])
    AutoConfig.from_pretrained(model, eos_token_id=other).save_pretrained(model)
    GenerationConfig(eos_token_id=other).save_pretrained(model)
    out, settings = tmp_path / "out", TrainingConfig(method=method, **FAST)  # type: ignore[arg-type]
    train(str(dataset), str(model), out, settings=settings, merge=method == "lora")
    assert AutoConfig.from_pretrained(out).eos_token_id == [end, other]
    for folder in [out, *([out / "adapter"] if method == "lora" else [])]:
        assert GenerationConfig.from_pretrained(folder).eos_token_id == [end, other]
        assert AutoTokenizer.from_pretrained(folder).eos_token == "<|im_end|>"
