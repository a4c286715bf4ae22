"""Reward models of several architectures, random and tiny: what they give is what transformers gives, text by text."""

import json
import random
import re
from functools import cache

import pytest
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
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForSequenceClassification,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import TextPair
from sdrrl_data.scoring.reward import RewardConfig, RewardScorer

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


def conversation(drawn):
    said = lambda most: " ".join(drawn.choices(WORDS, k=drawn.randint(1, most)))  # noqa: E731
    messages = [{"role": "user", "content": said(12)}]
    if drawn.random() < 0.4:
        messages = [messages[0], {"role": "assistant", "content": said(6)}, {"role": "user", "content": said(9)}]
    return messages, said(40)


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


@pytest.mark.parametrize("name", MODELS)
def test_rewards_are_those_of_transformers_text_by_text(name, tmp_path, score):
    folder = MODELS[name](tmp_path / "model")
    drawn = random.Random(7)
    conversations = [conversation(drawn) for _ in range(24)]
    scorer = RewardScorer(RewardConfig(model=str(folder)))
    pairs = [TextPair("", text, [], (messages, messages)) for messages, text in conversations]
    rewards = score(scorer, pairs)["reward"]
    expected = [alone(folder, *answered) for answered in conversations]
    assert rewards == pytest.approx(expected, abs=2e-4)
    assert len(set(rewards)) > 12  # a random model tells them apart
    assert score(scorer, pairs[::-1])["reward"] == rewards[::-1]
    assert [score(scorer, [pair])["reward"][0] for pair in pairs] == rewards


def test_both_sides_are_judged_by_what_was_asked_in_their_languages(tmp_path, score):
    folder = MODELS["deberta"](tmp_path / "model")
    asked = ([{"role": "user", "content": "why rain"}], [{"role": "user", "content": "bread and songs"}])
    scorer = RewardScorer(RewardConfig(model=str(folder)))
    scores = score(scorer, [TextPair("it is old", "boats like", [], asked), TextPair("a question", "ask", [])])
    assert scores["src_reward"] == [pytest.approx(alone(folder, asked[0], "it is old"), abs=2e-4), None]
    assert scores["reward"] == [pytest.approx(alone(folder, asked[1], "boats like"), abs=2e-4), None]


@pytest.mark.parametrize("name", ["llama", "roberta", "deberta"])
def test_what_is_too_long_has_no_reward_and_this_is_said(name, tmp_path, score, caplog):
    folder = MODELS[name](tmp_path / "model")
    asked = [{"role": "user", "content": "why rain"}]
    texts = [" ".join(["stone"] * count) for count in range(80, 100)]
    scorer = RewardScorer(RewardConfig(model=str(folder)))
    rewards = score(scorer, [TextPair("", text, [], (asked, asked)) for text in texts])["reward"]
    known = [reward is not None for reward in rewards]
    assert known == sorted(known, reverse=True)
    assert 0 < sum(known) < len(texts)
    assert f"{len(texts) - sum(known)} of {len(texts)} answers have no reward" in caplog.text


def test_a_small_vocabulary_leaves_no_token_to_pad_with(tmp_path, score):
    folder = llama(tmp_path / "model", pad=None)
    asked = [{"role": "user", "content": " ".join(VOCABULARY)}]
    scorer = RewardScorer(RewardConfig(model=str(folder)))
    rewards = score(scorer, [TextPair("", text, [], (asked, asked)) for text in ("rain", "rain and stone")])["reward"]
    assert rewards == pytest.approx([alone(folder, asked, text) for text in ("rain", "rain and stone")], abs=2e-4)


def test_a_template_of_the_recipe_replaces_a_missing_one(tmp_path, score):
    folder = MODELS["gpt2"](tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="does not mark where an answer begins: set `template` of scorer reward"):
        RewardScorer(RewardConfig(model=str(folder)))
    asked = [{"role": "user", "content": "why rain"}]
    pairs = [TextPair("", "it is old", [], (asked, asked))]
    rewards = score(RewardScorer(RewardConfig(model=str(folder), template=TEMPLATE)), pairs)["reward"]
    tokenizer(folder, template=TEMPLATE, pad=None)
    assert rewards == [pytest.approx(alone(folder, asked, "it is old"), abs=2e-4)]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"auto_map": {"AutoModelForSequenceClassification": "modeling.Gated"}}, "runs code of its own"),
        ({"id2label": {str(n): f"aspect-{n}" for n in range(19)}}, r"has 19 outputs \(aspect-0, aspect-1, "),
        ({"model_type": "internlm2"}, "could not be loaded"),
    ],
)
def test_models_of_other_kinds_are_refused_in_one_sentence(changes, problem, tmp_path):
    folder = llama(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    with pytest.raises(UserError, match=problem) as refused:
        RewardScorer(RewardConfig(model=str(folder)))
    assert "\n" not in str(refused.value)


def test_a_language_model_is_no_reward_model(tmp_path):
    config = LlamaConfig(vocab_size=len(VOCABULARY), num_labels=1, **DECODER)
    folder = saved(tmp_path / "model", LlamaForCausalLM, config, template=TEMPLATE)
    with pytest.raises(UserError, match=r"it is no reward model: its files lack weights, such as score\.weight"):
        RewardScorer(RewardConfig(model=str(folder)))


def test_weights_that_are_no_safetensors_are_refused(tmp_path):
    folder = llama(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="no weights as"):
        RewardConfig(model=str(folder)).identify()
