"""A tiny Llama with random weights, and rows to train it on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sdrrl_data.steps.schemas import MESSAGES

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# As Llama 3 has it: a token at the very beginning, and none that is a line break after the turn's end.
LLAMA = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
PLAIN = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"  # nothing ends a turn
)
SPECIAL = [
    "<|end_of_text|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|begin|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
]
COLOURS = {"red": "vermelho", "blue": "azul", "green": "verde", "white": "branco", "black": "preto"}
THINGS = {"house": "casa", "car": "carro", "bird": "ave", "book": "livro", "door": "porta", "shirt": "camisa"}
SIGNATURE = "recipe:small|src:en|tgt:pt|seed:1|settings:0123"

MakeTokenizer = Callable[..., Any]
MakeModel = Callable[..., Path]


def small_tokenizer(template: str | None = CHATML, more: tuple[str, ...] = (), end: str | None = "<|im_end|>") -> Any:
    """A small byte-level tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=[*SPECIAL, *more],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokens.train_from_iterator([row["completion"][0]["content"] for row in some_rows()], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token=end, bos_token="<|begin|>")
    tokenizer.chat_template = template
    return tokenizer


def write_model(folder: Path, tokenizer: Any) -> Path:
    """Write a tiny Llama with this tokenizer; returns its folder."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def make_tokenizer() -> MakeTokenizer:
    """Makes small byte-level tokenizers."""
    return small_tokenizer


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """Saves tiny Llamas; returns their folder."""

    def make(template: str | None = CHATML, **options: Any) -> Path:
        return write_model(tmp_path_factory.mktemp("models") / "tiny-llama", small_tokenizer(template, **options))

    return make


@pytest.fixture(scope="session")
def model(make_model: MakeModel) -> Path:
    return make_model()


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("rows") / "set", some_rows())


def some_rows() -> list[dict[str, Any]]:
    """In four directions and two tasks, as a transfer set has them; every sixth seed is in the test split."""
    rows = []
    for number, (colour, thing) in enumerate((colour, thing) for colour in COLOURS for thing in THINGS):
        texts = {
            "en": (f"What is this {thing} like?", f"The {thing} is {colour}."),
            "pt": (f"Como é esta coisa, {THINGS[thing]}?", f"{THINGS[thing]}, de cor {COLOURS[colour]}."),
        }
        kinds = [("answer", asked, said) for asked in texts for said in texts] + [("translate", "en", "pt")]
        for task, asked, said in kinds:
            question = texts[asked][0] if task == "answer" else f"Translate: {texts['en'][1]}"
            rows.append(
                {
                    "id": f"{number}/{task}/{asked}->{said}",
                    "task": task,
                    "direction": f"{asked}->{said}",
                    "prompt": [{"role": "user", "content": question}],
                    "completion": [{"role": "assistant", "content": texts[said][1]}],
                    "weight": 1.0,
                    "signature": SIGNATURE,
                    "split": "test" if number % 6 == 5 else "train",
                }
            )
    return rows


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as Parquet files, one a split."""
    folder.mkdir(parents=True)
    table = pl.DataFrame(rows, schema_overrides={"prompt": MESSAGES, "completion": MESSAGES}, strict=False)
    for split in ("train", "test"):
        own = table.filter(split=split)
        if not own.is_empty():
            own.write_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder
