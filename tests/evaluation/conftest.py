import json
from pathlib import Path

import pytest

from sdrrl_data.protocols import Silent

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ROLES = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
PAIRS = [
    ("The ship left the harbour at dawn.", "O navio deixou o porto ao amanhecer."),
    ("Nobody knew where the old road went.", "Ninguém sabia para onde ia a velha estrada."),
    ("She reads a book every week.", "Ela lê um livro por semana."),
    ("The bridge was built in three years.", "A ponte foi construída em três anos."),
    ("It rained all night long.", "Choveu durante toda a noite."),
    ("Where do the birds go in winter?", "Para onde vão os pássaros no inverno?"),
]
CHOICES = [
    {
        "flores_passage": " ".join(PAIRS[number]),
        "question": "What is it about?",
        **{f"mc_answer{place}": word for place, word in enumerate(("a ship", "a road", "books", "rain"), 1)},
        "correct_answer_num": str(number + 1),
        "dialect": "por_Latn",
    }
    for number in range(4)
]


class Steps(Silent):
    """A reporter that keeps what it is told."""

    def __init__(self):
        self.started, self.rows, self.done = [], 0, 0.0

    def start(self, what, total, done, unit="rows"):
        self.started.append(what)
        self.rows += total

    def advance(self, amount, note=""):
        self.done += amount


@pytest.fixture(scope="session")
def make_model(tmp_path_factory):
    """Saves tiny chat models with random weights; returns their folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=ROLES,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokens.train_from_iterator([" ".join(text) for text in PAIRS], trainer)

    def make(name="model", seed=1, template=TEMPLATE, hidden=32, context=256, tied=False) -> Path:
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token="<|end|>", pad_token="<|end|>")
        tokenizer.chat_template = template
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=context,
            initializer_range=0.3,  # so that the next token is not all but evenly spread
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            tie_word_embeddings=tied,
        )
        folder = tmp_path_factory.mktemp("models") / name
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def base(make_model) -> Path:
    return make_model()


@pytest.fixture(scope="session")
def make_adapter(tmp_path_factory):
    """Saves LoRA adapters with random weights for a model; returns their folder."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    def make(model: Path, name="adapter", targets="all-linear") -> Path:
        torch.manual_seed(2)
        loaded = AutoModelForCausalLM.from_pretrained(model)
        settings = LoraConfig(r=4, target_modules=targets, init_lora_weights=False, task_type="CAUSAL_LM")
        folder = tmp_path_factory.mktemp("adapters") / name
        get_peft_model(loaded, settings).save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def adapter(make_adapter, base) -> Path:
    return make_adapter(base)


@pytest.fixture
def parallel(tmp_path) -> str:
    """A TSV file of the pairs."""
    path = tmp_path / "pairs.tsv"
    path.write_text("".join("\t".join(pair) + "\n" for pair in PAIRS), encoding="utf-8")
    return str(path)


@pytest.fixture
def choices(tmp_path) -> str:
    """A file of multiple choice, in Portuguese."""
    path = tmp_path / "choices.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CHOICES), encoding="utf-8")
    return str(path)
