import pytest

from sdrrl_data import recipe
from sdrrl_data.chat.rendering import Chat, Stop
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Request, Sampling, SetAside

CHATML_TOKENS = ["<|im_end|>", "<|im_start|>"]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKING = CHATML.replace(
    "assistant\n{%", "assistant\n{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{%"
)
OPENED = CHATML.replace("assistant\n{%", "assistant\n<think>\n{%")
GEMMA_TOKENS = ["<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
GEMMA = (
    "{{ '<bos>' }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (m.role == 'user') != loop.index0 is even %}{{ raise_exception('Roles must alternate') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
DROPS_SYSTEM = CHATML.replace("in messages", "in messages if m.role != 'system'")
MISTRAL_TOKENS = ["</s>", "<s>", "[THINK]", "[/THINK]"]
MISTRAL = (
    "<s>{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %}{{ m.content }}</s>{% endif %}{% endfor %}{# [THINK] #}"
)
HARMONY_TOKENS = ["<|return|>", "<|start|>", "<|end|>", "<|message|>", "<|channel|>"]
HARMONY = (
    "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}"
    "<|message|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}{# <|channel|>analysis<|message|> #}"
)
BASE = (
    "{% for m in messages %}{{ 'Question: ' if m.role == 'user' else ' ' }}{{ m.content }}"
    "{{ '\nAnswer:' if m.role == 'user' else '\n\n' }}{% endfor %}"
)
BARE = "{% for m in messages %}{{ m.content }}{% endfor %}"
TOKENS = {CHATML: CHATML_TOKENS, GEMMA: GEMMA_TOKENS, MISTRAL: MISTRAL_TOKENS, HARMONY: HARMONY_TOKENS}


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def system(text):
    return {"role": "system", "content": text}


def request(*messages, speaker="assistant", max_tokens=10, stop=()):
    return Request("key", messages, 1, Sampling(0.7, 0.95, 1.0, max_tokens, stop), speaker)


@pytest.fixture
def make_chat(make_tokenizer):
    def make(own, /, **settings):
        tokenizer = make_tokenizer(own, TOKENS.get(own, CHATML_TOKENS))
        chat = Chat(
            tokenizer, recipe.GeneratorConfig(**{"model": "tiny", "max_tokens": 12, "max_model_len": 500} | settings)
        )
        return chat, tokenizer

    return make


def prompt_of(made, *messages, **options):
    chat, tokenizer = made
    tokens = chat.tokenize(request(*messages, **options))
    return tokens if isinstance(tokens, SetAside) else tokenizer.decode(tokens)


@pytest.mark.parametrize(
    ("template", "messages", "prompt"),
    [
        (CHATML, [user("Hi")], "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        (CHATML, [system("Be brief."), user("Hi")], "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi"),
        (GEMMA, [user("Hi")], "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"),
        (GEMMA, [system("Be brief."), user("Hi")], "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n"),
        (DROPS_SYSTEM, [system("Be brief."), user("Hi")], "<|im_start|>user\nBe brief.\n\nHi<|im_end|>\n"),
        (MISTRAL, [user("Hi"), assistant("Yes?"), user("Go")], "<s>[INST] Hi [/INST]Yes?</s>[INST] Go [/INST]"),
        (BASE, [user("Hi"), assistant("Yes?"), user("Go")], "Question: Hi\nAnswer: Yes?\n\nQuestion: Go\nAnswer:"),
    ],
)
def test_the_prompt_ends_where_the_answer_begins(make_chat, template, messages, prompt):
    made = make_chat(template)
    assert prompt_of(made, *messages).startswith(prompt)
    chat, tokenizer = made
    assert chat.tokenize(request(user("Hi"))) == tokenizer.apply_chat_template(
        [user("Hi")], add_generation_prompt=True, return_dict=False
    )


@pytest.mark.parametrize(
    ("template", "messages", "prompt"),
    [
        (CHATML, [], "<|im_start|>user\n"),
        (CHATML, [system("Be curious.")], "<|im_start|>system\nBe curious.<|im_end|>\n<|im_start|>user\n"),
        (CHATML, [user("Hi"), assistant("Yes?")], "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?"),
        (GEMMA, [], "<bos><start_of_turn>user\n"),
        (GEMMA, [system("Be curious.")], "<bos><start_of_turn>user\nBe curious.\n\n"),
        (MISTRAL, [], "<s>[INST]"),
        (BASE, [], "Question:"),
    ],
)
def test_the_model_is_to_write_the_users_turn(make_chat, template, messages, prompt):
    written = prompt_of(make_chat(template), *messages, speaker="user")
    assert written.startswith(prompt)
    assert written.endswith("<|im_start|>user\n" if template == CHATML else prompt)


def test_a_template_that_puts_nothing_before_the_users_turn(make_chat):
    assert "puts nothing before" in prompt_of(make_chat(BARE), speaker="user").reason


@pytest.mark.parametrize(
    ("template", "speaker", "tokens", "texts"),
    [
        (CHATML, "assistant", ["<|im_end|>", "<|im_start|>"], []),
        (CHATML, "user", ["<|im_end|>", "<|im_start|>"], []),
        (GEMMA, "user", ["<end_of_turn>", "<start_of_turn>"], []),
        (MISTRAL, "assistant", ["</s>"], []),
        (MISTRAL, "user", [], ["[/INST]"]),
        (HARMONY, "user", ["<|end|>", "<|start|>", "<|channel|>", "<|message|>"], []),
        (HARMONY, "assistant", [], []),  # <|end|> ends its reasoning too
        (BASE, "assistant", [], ["\nQuestion:"]),
        (BASE, "user", [], ["\nAnswer:"]),
        (BARE, "assistant", [], []),
        ("{% if messages | length > 2 %}{{ raise_exception('one turn only') }}{% endif %}" + BARE, "assistant", [], []),
    ],
)
def test_what_ends_a_turn(make_chat, template, speaker, tokens, texts):
    chat, tokenizer = make_chat(template)
    stop = chat.stop(request(speaker=speaker, stop=("###",)))
    assert stop == Stop(tokenizer.convert_tokens_to_ids(tokens), [*texts, "###"])


def test_a_prompt_without_room_is_set_aside_with_its_length(make_chat):
    chat, _ = make_chat(CHATML, max_model_len=64)
    length = len(chat.tokenize(request(user("Hi"), max_tokens=1)))
    assert len(chat.tokenize(request(user("Hi"), max_tokens=64 - length))) == length
    assert chat.tokenize(request(user("Hi"), max_tokens=65 - length)) == SetAside(
        f"the prompt has {length} tokens, {length - 1} fit (max_model_len 64 less max_tokens {65 - length})"
    )


def test_a_refused_conversation_is_set_aside(make_chat):
    assert prompt_of(make_chat(GEMMA), user("Hi"), user("Hello?")) == SetAside(
        "the chat template refuses the conversation: Roles must alternate"
    )


def test_the_recipes_template_and_options(make_chat):
    made = make_chat(None, template=THINKING, template_options={"enable_thinking": False})
    assert prompt_of(made, user("Hi")).endswith("assistant\n<think>\n\n</think>\n\n")


def test_a_model_without_a_template_is_refused(make_chat):
    with pytest.raises(UserError, match=r"generator tiny has no chat template: .* generator.template"):
        make_chat(None)


@pytest.mark.parametrize(
    ("own", "settings", "says"),
    [
        (CHATML, {"template": "{% for %}"}, r"generator\.template is not"),
        ("{% for %}", {}, "template of generator tiny"),
    ],
)
def test_a_template_that_is_not_jinja_is_refused(make_chat, own, settings, says):
    with pytest.raises(UserError, match=rf"{says}.* Jinja: line 1"):
        make_chat(own, **settings)


@pytest.mark.parametrize(
    ("template", "text", "reasoning", "answer"),
    [
        (CHATML, "Blue.", None, "Blue."),
        (CHATML, "<think>so</think>Blue.", "so", "Blue."),
        (THINKING, "<think>\nso\n</think>\n\nBlue.", "so", "Blue."),
        (OPENED, "so\n</think>\n\nBlue.", "so", "Blue."),
        (OPENED, "so and", "so and", ""),
        (MISTRAL, "[THINK]so[/THINK]Blue.", "so", "Blue."),
        (MISTRAL, "<s>Blue.", None, "Blue."),
        (
            HARMONY,
            "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>Blue.",
            "so",
            "Blue.",
        ),
        (HARMONY, "<|channel|>final<|message|>Blue.", None, "Blue."),
    ],
)
def test_the_reasoning_is_told_from_the_answer(make_chat, template, text, reasoning, answer):
    """The text goes through the tokenizer, as an engine's would."""
    chat, tokenizer = make_chat(template)
    asked = request(user("Hi"))
    prompt = chat.tokenize(asked)
    decoded = tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=chat.skip_special_tokens)
    completion = chat.complete(asked, prompt, decoded, 7, "stop")
    assert completion == (answer, "stop", len(prompt), 7, reasoning)


@pytest.mark.parametrize(
    ("template", "text", "ends_before"),
    [
        (CHATML, "Blue. END or", " or"),
        (CHATML, "<think>so END", None),
        (CHATML, "<think>so END</think>Blue. END or", " or"),
        (CHATML, "\n<think>so END</think>\nEND", ""),
        (CHATML, "so END</think> END", "</think> END"),
        (OPENED, "so END and", None),
        (OPENED, "so END</think> Blue. END or", " or"),
        (OPENED, "<think>so END</think> END or", " or"),
        (MISTRAL, "[THINK]END[/THINK]Blue.</s>", None),
        (MISTRAL, "[THINK]END[/THINK]END</s>", "</s>"),
        (HARMONY, "<|channel|>analysis<|message|>END", None),
        (HARMONY, "<|channel|>analysis<|message|>END<|end|><|start|>assistant<|channel|>final<|message|>END.", "."),
        (HARMONY, "<|channel|>final<|message|>END", ""),
    ],
)
def test_a_stop_text_counts_in_the_answer(make_chat, template, text, ends_before):
    chat, _ = make_chat(template)
    asked = request(user("Hi"), stop=("nowhere", "END"))
    prompt = chat.tokenize(asked)
    place = chat.stop_place(asked, prompt, text)
    assert (place is None) == (ends_before is None)
    completion = chat.complete(asked, prompt, text, 7, "length")
    if place is None:
        assert completion.finish_reason == "length"
        assert "END" in (completion.reasoning or "")
    else:
        assert text[place:] == f"END{ends_before}"
        assert completion.finish_reason == "stop"
        assert "END" not in completion.text


@pytest.mark.parametrize("text", ["<", "\n<thi", "", "\n"])
def test_what_may_become_a_marker_is_no_answer_yet(make_chat, text):
    chat, _ = make_chat(CHATML)
    asked = request(user("Hi"), stop=("<", "\n"))
    assert chat.stop_place(asked, chat.tokenize(asked), text) is None
    assert chat.stop_place(asked, chat.tokenize(asked), text + "b") is not None or "<" not in text


def test_the_name_of_a_special_token_is_no_stop_text(make_chat):
    chat, _ = make_chat(HARMONY)
    asked = request(user("Hi"), stop=("end", "<|start|>"))
    prompt = chat.tokenize(asked)
    assert chat.complete(asked, prompt, "One<|end|>two, the end.", 7, "length").text == "Onetwo, the"
    assert chat.complete(asked, prompt, "One<|start|>two, the end.", 7, "length").text == "One"


def test_a_users_turn_has_stop_texts(make_chat):
    chat, _ = make_chat(OPENED)
    asked = request(speaker="user", stop=("END",))
    assert chat.stop_place(asked, chat.tokenize(asked), "Why END") == 4


@pytest.mark.parametrize(("template", "skips"), [(THINKING, True), (MISTRAL, False), (HARMONY, False)])
def test_special_tokens_are_kept_where_they_mark_reasoning(make_chat, template, skips):
    assert make_chat(template)[0].skip_special_tokens is skips


def test_a_users_turn_has_no_reasoning(make_chat):
    chat, _ = make_chat(OPENED)
    asked = request(speaker="user")
    assert chat.complete(asked, chat.tokenize(asked), " Why <think>?\n", 5, "stop").text == "Why <think>?"
