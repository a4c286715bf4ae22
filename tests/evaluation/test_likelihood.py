import math

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import likelihood
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.models.locating import locate
from tests.evaluation.conftest import PAIRS

pytestmark = pytest.mark.long

TEXTS = [text for pair in PAIRS for text in pair]
CONVERSATIONS = [([{"role": "user", "content": asked}], answer) for asked, answer in PAIRS]
TOO_LONG = "Why? " * 200


@pytest.fixture
def model(base):
    loaded = Likelihood(locate(str(base), None, "model", "--base"))
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def plainly(base):
    """Sums log-probabilities one token after the other: of a text's, after those of another."""
    own = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(base)

    def plainly(before, text):
        before = tokenizer(before, add_special_tokens=False)["input_ids"]
        total = 0.0
        for token in tokenizer(text, add_special_tokens=False)["input_ids"]:
            with torch.no_grad():
                logits = own(torch.tensor([before])).logits[0, -1]
            total += float(torch.log_softmax(logits, 0)[token])
            before = [*before, token]
        return total

    return plainly


@pytest.mark.parametrize("room", [1, 300 * 100, 1 << 27], ids=["one by one", "a few", "all at once"])
def test_sums_are_those_of_a_plain_loop(model, plainly, monkeypatch, room):
    monkeypatch.setitem(likelihood.LOGITS, "cpu", room)
    done = []
    texts = model.of_texts(TEXTS, done.append)
    assert texts == pytest.approx([plainly("<|end|>", text) for text in TEXTS], abs=1e-3)
    assert sum(done) == len(TEXTS)
    after = model.of_continuations(PAIRS, done.append)
    assert after == pytest.approx([plainly(f"<|end|>{one}", other) for one, other in PAIRS], abs=1e-3)
    answers = model.of_answers(CONVERSATIONS, done.append)
    prompts = [f"<|user|>{messages[0]['content']}<|end|><|assistant|>" for messages, _ in CONVERSATIONS]
    expected = [plainly(prompt, answer) for prompt, (_, answer) in zip(prompts, CONVERSATIONS, strict=True)]
    assert answers == pytest.approx(expected, abs=1e-3)


def test_what_does_not_fit_is_not_measured(model):
    done = []
    assert model.of_texts([TOO_LONG, "", TEXTS[0]], done.append)[:2] == [None, None]
    assert sum(done) == 3
    assert model.of_continuations([(TOO_LONG, "a"), ("a", TOO_LONG)], done.append) == [None, None]
    asked = [{"role": "user", "content": TOO_LONG}]
    assert model.of_answers([(asked, "Because.")], done.append) == [None]


def test_the_whole_context_is_used(model):
    # The first token stands after the one that begins a document.
    assert model.of_texts(["\x01" * 255], lambda _: None) != [None]
    assert model.of_texts(["\x01" * 256], lambda _: None) == [None]


def test_a_model_that_knows_nothing(make_model):
    folder = make_model("even")
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"].zero_()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model = Likelihood(locate(str(folder), None, "model", "--base"))
    vocabulary = len(weights["lm_head.weight"])
    # Twelve bytes that no merge joins.
    assert model.of_texts(["\x01" * 12], lambda _: None) == pytest.approx([-12 * math.log(vocabulary)])


def test_answers_need_a_chat_template(make_model):
    model = Likelihood(locate(str(make_model("mute", template=None)), None, "model", "--base"))
    with pytest.raises(UserError, match="has no chat template"):
        model.of_answers(CONVERSATIONS, lambda _: None)
