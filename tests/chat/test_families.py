"""The chat templates of some thirty families, as TRL carries them: what is asked, what is learned, what ends a turn."""

import re
import shutil
from pathlib import Path

import pytest

from sdrrl_data import recipe
from sdrrl_data.chat.rendering import Chat
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import Request, Sampling

trl = pytest.importorskip("trl")

TEMPLATES = {
    path.stem: path.read_text("utf-8") for path in (Path(trl.__file__).parent / "chat_templates").glob("*.jinja")
}
MARKS = re.compile(r"<\|\w[\w ]*\|?>|<\w+\|>|<｜[^｜]+｜>|<(?:start|end)_of_\w+>|\[gMASK\]|<sop>")

QUESTION, ANSWER, REASONING = "What is the sky like?", "The sky is blue.", "It looks blue."
SYSTEM, EARLIER, REPLY = "Be brief.", "And the sea?", "It is green."
ASKED = [{"role": "user", "content": QUESTION}]
TURNS = [{"role": "user", "content": EARLIER}, {"role": "assistant", "content": REPLY}, *ASKED]
CONVERSATIONS = [
    asked for turns in (ASKED, TURNS) for asked in (turns, [{"role": "system", "content": SYSTEM}, *turns])
]

CHATML = ("<|im_end|>\n<|im_start|>assistant\n", f"{ANSWER}<|im_end|>\n", "<|im_end|>")
EMPTY_THOUGHT = (CHATML[0], f"<think>\n\n</think>\n\n{CHATML[1]}", CHATML[2])
THINKING = (CHATML[0] + "<think>\n", f"\n</think>\n\n{CHATML[1]}", CHATML[2])
NOT_THINKING = (CHATML[0] + "<think>\n\n</think>\n\n", CHATML[1], CHATML[2])
NEMOTRON = (CHATML[0] + "<think>\n", f"</think>{CHATML[1]}", CHATML[2])
COHERE = "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
R1 = ("<｜Assistant｜><think>\n", f"\n</think>\n\n{ANSWER}<｜end▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
GEMMA = ("<end_of_turn>\n<start_of_turn>model\n", f"{ANSWER}<end_of_turn>\n", "<end_of_turn>")
GEMMA_4 = ("<turn|>\n<|turn>model\n", f"{ANSWER}<turn|>\n", "<turn|>")
LLAMA = ("<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", f"{ANSWER}<|eot_id|>", "<|eot_id|>")
PHI = ("<|end|>\n<|assistant|>\n", f"{ANSWER}<|end|>\n</s>", "<|end|>")
PICTURES = ("<end_of_utterance>\nAssistant:", f" {ANSWER}<end_of_utterance>\n", "<end_of_utterance>")
# What stands behind the question in the prompt, what is learned, and the token that ends it.
EXPECTED = {
    "cohere": (COHERE, f"{ANSWER}<|END_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    "cohere2": (f"{COHERE}<|START_RESPONSE|>", f"{ANSWER}<|END_RESPONSE|><|END_OF_TURN_TOKEN|>", "<|END_RESPONSE|>"),
    "deepseek_r1_distill": R1,
    "deepseekv3": R1,
    "diffusion_gemma": GEMMA_4,
    "gemma": GEMMA,
    "gemma3": GEMMA,
    **dict.fromkeys(["gemma4", "gemma4_v2", "gemma4_v3", "gemma4_v4", "gemma4_v5"], GEMMA_4),
    "glm4moe": ("<|assistant|>", f"\n<think></think>\n{ANSWER}</s>", "</s>"),
    "glm4moe_training": ("<|assistant|>", f"\n<think></think>\n{ANSWER}<|user|>", "<|user|>"),
    "gptoss": ("<|end|><|start|>assistant", f"<|channel|>final<|message|>{ANSWER}<|return|>", "<|return|>"),
    "idefics3": PICTURES,
    **dict.fromkeys(["lfm2", "lfm2_v2", "lfm2_2_5", "lfm2_2_5_v2", "lfm2_2_5_vl"], CHATML),
    **dict.fromkeys(["llama3", "llama3_1", "llama3_2"], LLAMA),
    "llava_next": (" [/INST]", f" {ANSWER}</s> ", "</s>"),
    "muse_glimmer": ("<|eot|><|start|>assistant", f" to=user<|message|>{ANSWER}<|eot|>", "<|eot|>"),
    **dict.fromkeys([f"nemotron_3_{kind}" for kind in ("5_lightning", "nano", "super", "ultra")], NEMOTRON),
    **dict.fromkeys(["phi3", "phi3_5"], PHI),
    **dict.fromkeys(["qwen2_5", "qwen2_5_vl", "qwen3_instruct_2507", "qwen3_vl"], CHATML),
    "qwen3": EMPTY_THOUGHT,
    "qwen3_5_nothink": NOT_THINKING,
    **dict.fromkeys(["qwen3_5_think", "qwen3_6", "qwen3_8"], THINKING),
    "smolvlm": PICTURES,
}


def learn_bytes(folder):
    """Of bytes that are merged, as most models have; its merges join what templates put side by side."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n+", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train_from_iterator([f"{QUESTION}\n\n{ANSWER}\n\n{REASONING}: A"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>", eos_token="</s>")


def read_pieces(folder):
    """Mistral's of SentencePiece, which puts a space before a text."""
    from transformers import LlamaTokenizer

    data = Path(pytest.importorskip("mistral_common").__file__).parent / "data"
    shutil.copy(data / "mistral_instruct_tokenizer_240323.model.v3", folder / "tokenizer.model")
    return LlamaTokenizer.from_pretrained(folder)


def read_tekken(folder):
    """Mistral's of bytes, with 131,072 tokens."""
    from transformers import AutoTokenizer

    data = Path(pytest.importorskip("mistral_common").__file__).parent / "data"
    shutil.copy(data / "tekken_240911.json", folder / "tekken.json")
    return AutoTokenizer.from_pretrained(folder, bos_token="<s>", eos_token="</s>")


@pytest.fixture(scope="module", params=[learn_bytes, read_pieces, read_tekken])
def tokenizer(request, tmp_path_factory):
    from transformers import AddedToken

    loaded = request.param(tmp_path_factory.mktemp("tokenizer"))
    marks = sorted({mark for text in TEMPLATES.values() for mark in MARKS.findall(text)})
    loaded.add_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks], special_tokens=True)
    loaded.add_tokens([AddedToken(mark, normalized=False) for mark in ("<think>", "</think>")])
    return loaded


def open_chat(tokenizer, template, **options):
    tokenizer.chat_template = template
    settings = recipe.GeneratorConfig(model="tiny", max_tokens=100, template_options=options)
    return Chat(tokenizer, settings), ChatTemplate(tokenizer, "model tiny", options=options)


def answered(text, reasoning=None):
    thought = f"<think>\n{reasoning}\n</think>\n\n" if reasoning else ""
    return [{"role": "assistant", "content": thought + text}]


def shown(tokenizer, ids):
    """The text of token ids; behind a token that is taken out, so that SentencePiece keeps a first space."""
    return tokenizer.decode([tokenizer.bos_token_id, *ids]).removeprefix("<s>").replace("▁", " ")


def read(chat, tokenizer, request, prompt, completion):
    """What an engine makes of a turn's tokens."""
    stop = chat.stop(request)
    ends = {*stop.tokens, tokenizer.eos_token_id}
    place = next(number for number, token in enumerate(completion) if token in ends)
    text = tokenizer.decode(completion[:place], skip_special_tokens=chat.skip_special_tokens)
    return chat.complete(request, prompt, text, place + 1, "stop")


@pytest.mark.parametrize("options", [{}, {"enable_thinking": False}, {"enable_thinking": True}], ids=str)
@pytest.mark.parametrize("family", sorted(TEMPLATES))
def test_a_model_is_asked_as_it_was_trained_and_its_answer_is_read_as_it_was_learned(tokenizer, family, options):
    chat, template = open_chat(tokenizer, TEMPLATES[family], **options)
    for asked in CONVERSATIONS:
        request = Request("key", asked, 1, Sampling(0.0, 1.0, 1.0, 100))
        for reasoning in (None, REASONING):
            (example,) = template.examples([(asked, answered(ANSWER, reasoning))])
            sent = chat.tokenize(request)
            assert example.prompt == sent
            assert all(message["content"] in tokenizer.decode(sent) for message in asked)
            turn = read(chat, tokenizer, request, sent, example.completion)
            assert turn.text.strip() == ANSWER
            assert turn.reasoning == (None if example.reasoning_lost else reasoning)
            assert not example.reasoning_lost or reasoning


@pytest.mark.parametrize("family", sorted(TEMPLATES))
def test_what_stands_behind_the_question_what_is_learned_and_what_ends_it(tokenizer, family):
    expected = EXPECTED.get(family) or EXPECTED.get(family.removesuffix("_training"))
    if expected is None:
        pytest.skip("a family that came to TRL later: the other tests are for it, too")
    _, template = open_chat(tokenizer, TEMPLATES[family])
    asked, learned, end = expected
    (example,) = template.examples([(ASKED, answered(ANSWER))])
    assert shown(tokenizer, example.prompt).partition(QUESTION)[2] == asked
    assert shown(tokenizer, example.completion) == learned.replace("▁", " ")
    assert tokenizer.convert_tokens_to_ids(end) == next(
        token for token in example.completion if token in {*template.ends, tokenizer.eos_token_id}
    )


@pytest.mark.parametrize("family", sorted(TEMPLATES))
def test_the_whole_is_what_the_template_renders_where_a_prompt_is_how_that_begins(tokenizer, family):
    _, template = open_chat(tokenizer, TEMPLATES[family])
    conversation = ASKED + answered(ANSWER)
    if template.shape.as_parts:
        conversation = [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in conversation]
    whole = tokenizer.apply_chat_template(conversation, tokenize=False)
    prompt = tokenizer.apply_chat_template(conversation[:1], tokenize=False, add_generation_prompt=True)
    (example,) = template.examples([(ASKED, answered(ANSWER))])
    end = [] if template.ends else [tokenizer.eos_token_id]
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    if not whole.startswith(prompt):
        assert "<think>" in prompt
    elif ids[: len(example.prompt)] == example.prompt:
        assert [*example.prompt, *example.completion] == [*ids, *end]
    else:  # the prompt's last token would have become another one
        assert tokenizer.decode([*example.prompt, *example.completion]) == tokenizer.decode([*ids, *end])
