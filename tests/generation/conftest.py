from pathlib import Path

import pytest

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ROLES = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]


@pytest.fixture(scope="session")
def make_tokenizer():
    """Makes small byte-level tokenizers of which the first special token ends a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    def make(template=TEMPLATE, special=ROLES):
        tokens = Tokenizer(models.BPE())
        tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokens.decoder = decoders.ByteLevel()
        tokens.train_from_iterator(
            ["what is the colour of the sky and of the sea"],
            trainers.BpeTrainer(
                vocab_size=300,
                special_tokens=special,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            ),
        )
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token=special[0], pad_token=special[0])
        tokenizer.chat_template = template
        return tokenizer

    return make


@pytest.fixture(scope="session")
def make_model(make_tokenizer, tmp_path_factory):
    """Saves tiny chat models of a family, with random weights; returns their folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    def make(family="llama", tokenizer=None, **options) -> Path:
        tokenizer = tokenizer or make_tokenizer()
        torch.manual_seed(1)
        config = AutoConfig.for_model(
            family,
            **{
                "vocab_size": len(tokenizer),
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 1,
                "max_position_embeddings": 256,
                "eos_token_id": tokenizer.eos_token_id,
                "pad_token_id": tokenizer.pad_token_id,
                "bos_token_id": None,
                **options,
            },
        )
        folder = tmp_path_factory.mktemp(f"{family}-model")
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def thinking_model(make_tokenizer, make_model) -> Path:
    """As `chat_model`, but its prompts open a reasoning section, which it closes now and then."""
    opened = TEMPLATE.replace("<|assistant|>{% endif", "<|assistant|><think>{% endif")
    return make_model(tokenizer=make_tokenizer(opened, [*ROLES, "</think>"]), head_dim=32)


@pytest.fixture(scope="session")
def chat_model(make_model) -> Path:
    """A tiny Llama with a chat template; its weights are random."""
    return make_model(head_dim=32)  # vLLM on a CPU knows no smaller attention heads


def assert_stopped_in_the_answer(whole, stopped, stops):
    """Turns with stop texts are those without, but for what stands from the first of them on in the answer."""
    for key, completion in stopped.items():
        before = whole[key]
        place = min((before.text.index(stop) for stop in stops if stop in before.text), default=None)
        assert completion.reasoning == before.reasoning
        assert completion.text == before.text[:place].strip()
        assert completion.finish_reason == ("stop" if place is not None else before.finish_reason)
    answered = [key for key, completion in whole.items() if any(stop in completion.text for stop in stops)]
    assert len(answered) > 3
    assert all(stopped[key].completion_tokens < whole[key].completion_tokens for key in answered)
    thought = [whole[key].reasoning or "" for key in whole if key not in answered]
    assert sum(any(stop in reasoning for stop in stops) for reasoning in thought) > 3
