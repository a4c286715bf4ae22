"""What reward models give is what transformers gives, text by text."""

import json
import random

import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import TextPair
from sdrrl_data.scoring.reward import RewardConfig, RewardScorer
from tests.support.reward_models import DECODER, MODELS, TEMPLATE, VOCABULARY, WORDS, alone, llama, saved, tokenizer

pytestmark = pytest.mark.long


def conversation(drawn):
    said = lambda most: " ".join(drawn.choices(WORDS, k=drawn.randint(1, most)))  # noqa: E731
    messages = [{"role": "user", "content": said(12)}]
    if drawn.random() < 0.4:
        messages = [messages[0], {"role": "assistant", "content": said(6)}, {"role": "user", "content": said(9)}]
    return messages, said(40)


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
