"""Reward models of several architectures, random and tiny."""

import re
from functools import cache

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForSequenceClassification,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

WORDS = re.findall(
    r"\w+", "why do rivers run so deep into the sea because it is old rain and stone they like bread boats songs"
)
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "[CLS]", "[SEP]", "<user>", "<assistant>", "<system>"]
TEMPLATE = (
    "<s>{% for m in messages %}<{{ m.role }}> {{ m.content }} </s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
DECODER = SMALL | {"num_key_value_heads": 1, "head_dim": 8}
VOCABULARY = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
ROOM = 96  # tokens


def tokenizer(folder, template=None, pairs=False, pad="<pad>"):
    words = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if pairs:
        ends = [("[CLS]", VOCABULARY["[CLS]"]), ("[SEP]", VOCABULARY["[SEP]"])]
        words.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
        )
    names = {"pad_token": pad, "eos_token": "</s>", "unk_token": "<unk>", "extra_special_tokens": SPECIAL[4:]}
    PreTrainedTokenizerFast(tokenizer_object=words, chat_template=template, **names).save_pretrained(folder)


def saved(folder, model_class, config, **of_tokenizer):
    torch.manual_seed(3)
    with torch.no_grad():
        model = model_class(config)
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(0.0, 0.3)
    model.save_pretrained(folder)
    tokenizer(folder, **of_tokenizer)
    return folder


def llama(folder, pad="<pad>", **settings):
    pads = {"pad_token_id": None if pad is None else VOCABULARY[pad]}
    config = LlamaConfig(
        vocab_size=len(VOCABULARY), num_labels=1, max_position_embeddings=ROOM, **DECODER | pads | settings
    )
    return saved(folder, LlamaForSequenceClassification, config, template=TEMPLATE, pad=pad)


MODELS = {
    "llama": lambda folder: llama(folder),
    "llama without a token for padding": lambda folder: llama(folder, pad=None),
    "llama that pads with its end of turns": lambda folder: llama(folder, pad="</s>"),
    "llama whose token for padding is none": lambda folder: llama(folder, pad_token_id=-1),
    "mistral": lambda folder: saved(
        folder,
        MistralForSequenceClassification,
        MistralConfig(
            vocab_size=len(VOCABULARY), num_labels=1, max_position_embeddings=ROOM, sliding_window=8, **DECODER
        ),
        template=TEMPLATE,
        pad=None,
    ),
    "qwen3": lambda folder: saved(
        folder,
        Qwen3ForSequenceClassification,
        Qwen3Config(vocab_size=len(VOCABULARY), num_labels=1, max_position_embeddings=ROOM, **DECODER),
        template=TEMPLATE,
    ),
    "gpt2": lambda folder: saved(
        folder,
        GPT2ForSequenceClassification,
        GPT2Config(vocab_size=len(VOCABULARY), num_labels=1, n_positions=ROOM, n_embd=16, n_layer=2, n_head=2),
        template=TEMPLATE,
        pad=None,
    ),
    "deberta": lambda folder: saved(
        folder,
        DebertaV2ForSequenceClassification,
        DebertaV2Config(
            vocab_size=len(VOCABULARY),
            num_labels=1,
            max_position_embeddings=ROOM,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            type_vocab_size=0,
            **SMALL,
        ),
        pairs=True,
    ),
    "bert": lambda folder: saved(
        folder,
        BertForSequenceClassification,
        BertConfig(vocab_size=len(VOCABULARY), num_labels=1, max_position_embeddings=ROOM, **SMALL),
        pairs=True,
    ),
    "roberta": lambda folder: saved(
        folder,
        RobertaForSequenceClassification,
        RobertaConfig(vocab_size=len(VOCABULARY), num_labels=1, max_position_embeddings=ROOM, pad_token_id=0, **SMALL),
        pairs=True,
    ),
}


@cache
def loaded(folder):
    return AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder).eval()


def alone(folder, messages, text):
    """The reward of one conversation, as the cards of such models compute it."""
    tokens, model = loaded(folder)
    if tokens.chat_template:
        rendered = tokens.apply_chat_template([*messages, {"role": "assistant", "content": text}], tokenize=False)
        inputs = tokens(rendered, add_special_tokens=False, return_tensors="pt")
    else:
        inputs = tokens("\n\n".join(message["content"] for message in messages), text, return_tensors="pt")
    types = {key: value for key, value in inputs.items() if key == "token_type_ids"}
    with torch.no_grad():
        return float(model(input_ids=inputs["input_ids"], **types).logits[0, 0])
