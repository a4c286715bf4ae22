"""An adapter that the trainer made, served by vLLM with its own means."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.train import train

pytest.importorskip("vllm")

pytestmark = pytest.mark.long

QUESTIONS = ["What is this house like?", "Como é esta coisa, carro?", "Translate: The bird is red."]
TOKENS = 24
# vLLM wants a process of its own, which is not yet anything else's. The last line is the answers' token ids.
SERVE = """
import json, sys
from vllm import LLM, SamplingParams
from vllm.lora.request import LoRARequest

if __name__ == "__main__":
    model, adapter, questions, tokens = json.loads(sys.argv[1])
    llm = LLM(model, dtype="float32", enforce_eager=True, max_model_len=256, enable_lora=True, max_lora_rank=16)
    how = SamplingParams(temperature=0.0, max_tokens=tokens)
    conversations = [[{"role": "user", "content": question}] for question in questions]
    served = LoRARequest("adapter", 1, adapter)
    found = [llm.chat(conversations, how, use_tqdm=False, lora_request=own) for own in (None, served)]
    print(json.dumps([[list(one.outputs[0].token_ids) for one in own] for own in found]))
"""


@pytest.fixture(scope="module")
def wider_model(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `model`, but with attention heads as wide as vLLM wants them on a CPU."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    torch.manual_seed(1)
    config = AutoConfig.from_pretrained(model, head_dim=32)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(model).save_pretrained(folder)
    return folder


def likeliest(model: Any, tokenizer: Any, question: str, answer: list[int]) -> bool:
    """Whether transformers finds no other token likelier at any place of an answer, but for what rounding may do."""
    import torch

    messages = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
    with torch.inference_mode():
        logits = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
    short = logits.max(dim=-1).values - logits[range(len(answer)), answer]
    return bool(short.max() < 1e-4) and (len(answer) == TOKENS or answer[-1] == tokenizer.eos_token_id)


def test_vllm_serves_the_adapter(
    dataset: Path, wider_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "adapter"
    settings = TrainingConfig(learning_rate=0.02, batch_size=4, at_once=2, max_steps=20, samples=0)
    train(dataset, wider_model, out, settings=settings)
    for name, value in {
        "OMP_NUM_THREADS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_LOGGING_LEVEL": "ERROR",
    }.items():
        monkeypatch.setenv(name, value)
    given = json.dumps([str(wider_model), str(out), QUESTIONS, TOKENS])
    command = [sys.executable, "-c", SERVE, given]
    served = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    plain, tuned = json.loads(served.stdout.splitlines()[-1])

    base, tokenizer = AutoModelForCausalLM.from_pretrained(wider_model), AutoTokenizer.from_pretrained(out)
    assert all(likeliest(base, tokenizer, *asked) for asked in zip(QUESTIONS, plain, strict=True))
    assert not any(likeliest(base, tokenizer, *asked) for asked in zip(QUESTIONS, tuned, strict=True))
    adapted = PeftModel.from_pretrained(base, str(out))
    assert all(likeliest(adapted, tokenizer, *asked) for asked in zip(QUESTIONS, tuned, strict=True))
