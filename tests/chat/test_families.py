"""The chat templates of some thirty families, as TRL carries them: what is asked, what is learned, what ends a turn."""

import json
from datetime import date
from pathlib import Path

import pytest

from sdrrl_data.protocols import Request, Sampling
from tests.chat.families import (
    ANSWER,
    ASKED,
    CONVERSATIONS,
    OPTIONS,
    QUESTION,
    REASONING,
    TEMPLATES,
    add_marks,
    answered,
    described,
    learn_bytes,
    open_chat,
    read_pieces,
    read_tekken,
    shown,
)

TABLE = {
    family: {key: value for key, value in row.items() if key != "families"}
    for row in json.loads((Path(__file__).parent / "families.json").read_text("utf-8"))
    for family in row["families"].split()
}

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


@pytest.fixture(scope="module", params=[learn_bytes, read_pieces, read_tekken])
def tokenizer(request, tmp_path_factory):
    return add_marks(request.param(tmp_path_factory.mktemp("tokenizer")))


def read(chat, tokenizer, request, prompt, completion):
    """What an engine makes of a turn's tokens."""
    stop = chat.stop(request)
    ends = {*stop.tokens, tokenizer.eos_token_id}
    place = next(number for number, token in enumerate(completion) if token in ends)
    text = tokenizer.decode(completion[:place], skip_special_tokens=chat.skip_special_tokens)
    return chat.complete(request, prompt, text, place + 1, "stop")


@pytest.mark.parametrize(
    ("family", "options"),
    [
        (family, options)
        for family in sorted(TEMPLATES)
        for options in OPTIONS.values()
        if not options or "enable_thinking" in TEMPLATES[family]
    ],
    ids=str,
)
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
def test_the_table_has_what_is_asked_learned_and_stops_by_system_and_thinking(tokenizer, family):
    if family not in TABLE:
        pytest.skip("a family that came to TRL later: the other tests are for it, too")
    expected = json.loads(json.dumps(TABLE[family], ensure_ascii=False).replace("▁", " "))
    row = described(tokenizer, TEMPLATES[family])
    assert json.loads(json.dumps(row, ensure_ascii=False).replace("▁", " ")) == expected


@pytest.mark.parametrize("family", sorted(TEMPLATES))
def test_the_whole_is_what_the_template_renders_where_a_prompt_is_how_that_begins(tokenizer, family):
    _, template = open_chat(tokenizer, TEMPLATES[family])
    conversation = ASKED + answered(ANSWER)
    if template.shape.as_parts:
        conversation = [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in conversation]
    day = {"strftime_now": date(2026, 1, 1).strftime}
    whole = tokenizer.apply_chat_template(conversation, tokenize=False, **day)
    prompt = tokenizer.apply_chat_template(conversation[:1], tokenize=False, add_generation_prompt=True, **day)
    (example,) = template.examples([(ASKED, answered(ANSWER))])
    end = [] if template.ends else [tokenizer.eos_token_id]
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    if not whole.startswith(prompt):
        assert "<think>" in prompt
    elif ids[: len(example.prompt)] == example.prompt:
        assert [*example.prompt, *example.completion] == [*ids, *end]
    else:  # the prompt's last token would have become another one
        assert tokenizer.decode([*example.prompt, *example.completion]) == tokenizer.decode([*ids, *end])
