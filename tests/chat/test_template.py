"""One conversation of a model, rendered in one place."""

import json
import signal

import pytest

from sdrrl_data import recipe
from sdrrl_data.chat.messages import ConversationRefused, fold_system
from sdrrl_data.chat.rendering import Chat
from sdrrl_data.chat.template import ChatTemplate, has_template
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Request, Sampling, SetAside

TOKENS = ["<|im_end|>", "<|im_start|>"]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
IN_PARTS = CHATML.replace("m.content", "m.content[0].text")
OPENED = CHATML.replace("assistant\n{%", "assistant\n<think>\n{%")
SPACED = (
    "{% for m in messages %}{{ 'USER: ' if m.role == 'user' else 'ASSISTANT: ' }}{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT: {% endif %}"
)
ASKED = [{"role": "user", "content": "What is the sea?"}]
ANSWERED = [{"role": "assistant", "content": "The sea."}]


def system(text):
    return {"role": "system", "content": text}


def render(tokenizer, messages, **options):
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **options)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (CHATML.replace("{{ m.content }}", ""), "leaves out the question"),
        ("{{ messages[0].content }}", "leaves out the answer"),
        ("{% for m in messages %}{{ m.content + 1 }}{% endfor %}", "refuses a plain question and answer: can only"),
        ("{{ messages[1].content }}", "refuses a plain question and answer: .* has no element 1"),
        ("{{ raise_exception('no\nand no') }}", "refuses a plain question and answer: no$"),
        ("{{ 1 // 0 }}", "refuses a plain question and answer: .*zero"),
        (
            CHATML.replace("{% endfor %}", "{% endfor %}{{ 'Now: ' if add_generation_prompt else 'Then: ' }}"),
            "does not begin an answered conversation with the text of its prompt",
        ),
    ],
)
def test_a_template_through_which_no_conversation_comes_is_refused_in_one_sentence(make_tokenizer, template, says):
    with pytest.raises(UserError, match=rf"^the chat template of model tiny {says}"):
        ChatTemplate(make_tokenizer(template, TOKENS), "model tiny")


def test_content_is_given_in_parts_where_a_template_wants_that(make_tokenizer):
    whole, parts = (ChatTemplate(make_tokenizer(text, TOKENS), "model tiny") for text in (CHATML, IN_PARTS))
    assert parts.prompt([system("Be brief."), *ASKED]) == whole.prompt([system("Be brief."), *ASKED])
    assert list(parts.examples([(ASKED, ANSWERED)])) == list(whole.examples([(ASKED, ANSWERED)]))
    assert parts.prompt_of_user([]) == whole.prompt_of_user([])


def test_several_templates_are_chosen_from_by_name(make_tokenizer):
    tokenizer = make_tokenizer({"short": CHATML, "long": OPENED}, TOKENS)
    with pytest.raises(UserError, match=r"model tiny has several chat templates \(long, short\) and no default: name"):
        ChatTemplate(tokenizer, "model tiny", setting="template")
    named = ChatTemplate(tokenizer, "model tiny", "long", setting="template")
    assert named.text == OPENED
    assert named.prompt(ASKED) == ChatTemplate(make_tokenizer(OPENED, TOKENS), "model tiny").prompt(ASKED)
    assert ChatTemplate(make_tokenizer({"default": CHATML, "long": OPENED}), "model tiny").text == CHATML


def test_a_tokenizer_that_knows_no_templates_is_refused(tmp_path):
    pytest.importorskip("mistral_common")
    import shutil
    from pathlib import Path

    import mistral_common
    from transformers import AutoTokenizer

    shutil.copy(Path(mistral_common.__file__).parent / "data/tekken_240911.json", tmp_path / "tekken.json")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mistral"}))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert not has_template(tokenizer)
    with pytest.raises(UserError, match=r"model tiny has no chat template: choose an instruct model$"):
        ChatTemplate(tokenizer, "model tiny")


@pytest.mark.parametrize(
    "template",
    [
        CHATML + "{{ messages.append(messages[0]) }}",
        CHATML + "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        CHATML + "{{ cycler.__init__.__globals__.os.system('true') }}",
    ],
)
def test_a_template_stays_in_its_sandbox(make_tokenizer, template):
    with pytest.raises(UserError, match="refuses a plain question and answer"):
        ChatTemplate(make_tokenizer(template, TOKENS), "model tiny")


def test_what_a_template_raises_sets_that_conversation_aside(make_tokenizer):
    tokenizer = make_tokenizer(CHATML + "{% if 'zero' in messages[0].content %}{{ 1 // 0 }}{% endif %}", TOKENS)
    chat = Chat(tokenizer, recipe.GeneratorConfig(model="tiny"))
    bad = [{"role": "user", "content": "zero"}]
    prompts = [chat.tokenize(Request("key", asked, 1, Sampling(0.0, 1.0, 1.0, 9))) for asked in (bad, ASKED)]
    assert prompts[0].reason.startswith("the chat template refuses the conversation: ")
    template = ChatTemplate(tokenizer, "model tiny")
    examples = list(template.examples([(bad, ANSWERED), (ASKED, ANSWERED)]))
    assert examples[0] == SetAside("refused by the chat template")
    assert examples[1].prompt == prompts[1]


def test_a_prompt_that_changes_once_it_is_answered_is_not_trained_on(make_tokenizer):
    """As it would be served in one way and trained in another."""
    counts = "{{ messages | length if messages | length > 2 else '' }}" + CHATML
    template = ChatTemplate(make_tokenizer(counts, TOKENS), "model tiny")
    longer = [*ASKED, *ANSWERED, *ASKED]
    examples = list(template.examples([(ASKED, ANSWERED), (longer, ANSWERED)]))
    assert examples[1] == SetAside("refused by the chat template")


def test_white_space_ends_no_turn(make_tokenizer):
    plain = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    tokenizer = make_tokenizer(plain, [*TOKENS, "\n"])
    template = ChatTemplate(tokenizer, "model tiny")
    (example,) = template.examples([(ASKED, ANSWERED)])
    assert template.ends == []
    assert tokenizer.decode(example.completion) == "assistant: The sea.\n<|im_end|>"


def test_a_prompt_that_ends_in_a_space_has_the_same_tokens_before_an_answer(make_tokenizer):
    tokenizer = make_tokenizer(SPACED, TOKENS)
    template = ChatTemplate(tokenizer, "model tiny")
    (example,) = template.examples([(ASKED, [{"role": "assistant", "content": "the sea"}])])
    sent = tokenizer(render(tokenizer, ASKED)).input_ids
    assert tokenizer.decode(sent[-1]) == " "
    joined = tokenizer(render(tokenizer, ASKED) + "the sea").input_ids
    assert joined[: len(sent)] != sent  # the space would go to the word
    assert example.prompt == template.prompt(ASKED) == sent
    assert tokenizer.decode(example.completion) == "the sea\n<|im_end|>"


@pytest.mark.parametrize(
    "value", [False, None, 3, 0.5, 'it\'s "%}" {{ a }}\n\\n é', [1, "x"], {"a": {"b": None}}], ids=repr
)
def test_options_go_into_the_template_as_they_are(make_tokenizer, value):
    shows = "\n" + CHATML + "{% macro show() %}{{ hint | tojson }}{% endmacro %}{{ show() }}{{ hint is defined }}"
    tokenizer = make_tokenizer(shows, TOKENS)
    template = ChatTemplate(tokenizer, "model tiny", options={"hint": value})
    expected = render(tokenizer, ASKED, hint=value)
    assert json.dumps(value, ensure_ascii=False) in expected
    tokenizer.chat_template = template.with_options()
    assert render(tokenizer, ASKED) == expected


# As gpt-oss, Mistral Small 3, Llama 3.2, SmolLM3 and Granite ask for the day.
@pytest.mark.parametrize(
    ("asks", "usual", "given"),
    [
        ("{{ 'Current date: ' + strftime_now('%Y-%m-%d') }}", "Current date: 2026-01-01", "Current date: 2026-11-09"),
        ("{% set today = strftime_now('%Y-%m-%d') %}{{ today }}", "2026-01-01", "2026-11-09"),
        (
            "{% if not date_string is defined %}{% if strftime_now is defined %}"
            "{% set date_string = strftime_now('%d %b %Y') %}{% endif %}{% endif %}{{ date_string }}",
            "01 Jan 2026",
            "09 Nov 2026",
        ),
        (
            "{{ strftime_now('%d %B %Y') }} {{ strftime_now('%H:%M') }}",
            "01 January 2026 00:00",
            "09 November 2026 00:00",
        ),
        (
            "{{ \"Today's Date: \" + strftime_now('%B %d, %Y') + '.' }}",
            "Today's Date: January 01, 2026.",
            "November 09",
        ),
    ],
)
def test_a_template_is_told_one_day_whenever_it_asks(make_tokenizer, asks, usual, given):
    tokenizer = make_tokenizer(asks + "\n" + CHATML, TOKENS)
    template = ChatTemplate(tokenizer, "model tiny")
    (example,) = template.examples([(ASKED, ANSWERED)])
    assert tokenizer.decode(example.prompt).startswith(usual)
    assert example.prompt == template.prompt(ASKED)
    other = recipe.GeneratorConfig(model="tiny", date="2026-11-09")
    sent = Chat(tokenizer, other).tokenize(Request("key", ASKED, 1, Sampling(0.0, 1.0, 1.0, 9)))
    assert given in tokenizer.decode(sent)
    assert sent == ChatTemplate(tokenizer, "model tiny", date="2026-11-09").prompt(ASKED)


def test_the_day_in_the_options_goes_before(make_tokenizer):
    asks = "{% if not date_string is defined %}{% set date_string = strftime_now('%Y') %}{% endif %}{{ date_string }}"
    tokenizer = make_tokenizer(asks + CHATML, TOKENS)
    template = ChatTemplate(tokenizer, "model tiny", options={"date_string": "today"})
    assert tokenizer.decode(template.prompt(ASKED)).startswith("today<|im_start|>")


BEGUN = [*TOKENS, "<s>"]


@pytest.mark.parametrize(
    ("begins", "adds", "says"),
    [
        ("<s>", True, ""),
        ("<s>", False, ""),
        ("", False, ""),
        ("", True, "begins a conversation without <s>, which its tokenizer puts before other texts"),
        ("<s>{{ bos_token }}", True, "begins a conversation with <s> twice"),
        ("{{ bos_token }}<s>", False, "begins a conversation with <s> twice"),
    ],
)
def test_a_begin_is_there_once_or_said(make_tokenizer, begins, adds, says):
    from tokenizers.processors import TemplateProcessing

    tokenizer = make_tokenizer(begins + CHATML, BEGUN)
    tokenizer.bos_token = "<s>"
    if adds:
        begin = ("<s>", tokenizer.bos_token_id)
        tokenizer._tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[begin])
    assert (tokenizer("x").input_ids[0] == tokenizer.bos_token_id) == adds
    template = ChatTemplate(tokenizer, "model tiny")
    assert (says in template.doubt) if says else template.doubt == ""
    assert tokenizer.decode(template.prompt(ASKED)) == render(tokenizer, ASKED)  # nothing is added to the template


def test_system_texts_go_into_the_users_next_turn():
    first, second = system("Be brief."), system("Be kind.")
    folded = fold_system([first, *ASKED, *ANSWERED, second, first, *ASKED])
    assert [turn["content"] for turn in folded] == [
        "Be brief.\n\nWhat is the sea?",
        "The sea.",
        "Be kind.\n\nBe brief.\n\nWhat is the sea?",
    ]
    assert [turn["role"] for turn in folded] == ["user", "assistant", "user"]
    with pytest.raises(ConversationRefused, match="no user's turn follows"):
        fold_system([*ASKED, first, *ANSWERED])


# Kinds that real templates are of, each with what is asked, what is learned, and what stops an answer.
SYSTEM_IN_THE_LAST_TURN = (  # as Mistral Nemo has it: lost once there is an answer
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set messages = messages[1:] %}"
    "{% endif %}{% for m in messages %}{% if m.role == 'user' %}[INST]{% if loop.last and system is defined %}"
    "{{ system + '\n\n' }}{% endif %}{{ m.content }}[/INST]{% else %}{{ m.content }}</s>{% endif %}{% endfor %}"
)
ALWAYS_BEGUN = CHATML.partition("{% if add")[0] + "{{ '<|im_start|>assistant\n' }}"  # as Hammer 2 has it
ALWAYS_BEGUN_IN_WORDS = (  # as DeepSeek Coder has it
    "{% for m in messages %}{% if m.role == 'user' %}### Instruction:\n{{ m.content }}\n"
    "{% elif m.role == 'assistant' %}### Response:\n{{ m.content }}\n<|EOT|>\n{% endif %}{% endfor %}"
    "{{ '### Response:\n' }}"
)
TURNED = (
    "{% for m in messages %}<|turn|><|{{ m.role }}|>{{ m.content }}<|stop|><|over|>{% endfor %}<|turn|><|assistant|>"
)
RECIPIENT = (  # as Functionary has it: what begins the user's turns stands before an answer, too
    "{% for m in messages %}<|from|>{{ m.role }}\n<|content|>{{ m.content }}"
    "{{ '<|stop|>' if m.role == 'assistant' }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|from|>assistant\n{% endif %}"
)
HISTORY_ONLY = (  # as a copy of gpt-oss's has it: the end of an answer is the one that its reasoning has
    "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}<|message|>"
    "{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}"
    "{# <|channel|>analysis<|message|> #}"
)
ANOTHER_HEADER = (  # as CodeLlama 70B has it: a header of which the half is gone once there is an answer
    "{% for m in messages %}Source: {{ m.role }}\n\n {{ m.content }} <step> {% endfor %}"
    "Source: assistant\nDestination: user\n\n "
)


@pytest.mark.parametrize(
    ("template", "tokens", "asked", "learned", "stops"),
    [
        (
            SYSTEM_IN_THE_LAST_TURN,
            ["</s>", "[INST]", "[/INST]"],
            "[INST]Be brief.\n\nWhat is the sea?[/INST]",
            "The sea.</s>",
            ["</s>", "[INST]"],
        ),
        (
            ALWAYS_BEGUN,
            TOKENS,
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is the sea?<|im_end|>\n"
            "<|im_start|>assistant\n",
            "The sea.<|im_end|>\n",
            TOKENS,
        ),
        (
            ALWAYS_BEGUN_IN_WORDS,
            ["<|EOT|>"],
            "### Instruction:\nBe brief.\n\nWhat is the sea?\n### Response:\n",
            "The sea.\n<|EOT|>\n",
            ["<|EOT|>"],
        ),
        (
            TURNED,
            ["<|over|>", "<|stop|>", "<|turn|>", "<|user|>", "<|assistant|>", "<|system|>"],
            "<|turn|><|system|>Be brief.<|stop|><|over|><|turn|><|user|>What is the sea?<|stop|><|over|>"
            "<|turn|><|assistant|>",
            "The sea.<|stop|><|over|>",
            ["<|over|>", "<|stop|>", "<|turn|>", "<|user|>"],
        ),
        (
            RECIPIENT,
            ["<|end|>", "<|stop|>", "<|from|>", "<|content|>"],
            "<|from|>system\n<|content|>Be brief.\n<|from|>user\n<|content|>What is the sea?\n<|from|>assistant\n",
            "<|content|>The sea.<|stop|>\n",
            ["<|from|>", "<|stop|>"],
        ),
        (
            HISTORY_ONLY,
            ["<|return|>", "<|start|>", "<|end|>", "<|message|>", "<|channel|>"],
            "<|start|>system<|message|>Be brief.<|end|><|start|>user<|message|>What is the sea?<|end|>"
            "<|start|>assistant",
            "<|channel|>final<|message|>The sea.<|end|><|return|>",
            [],
        ),
        (
            ANOTHER_HEADER,
            ["</s>", "<step>"],
            "Source: system\n\n Be brief. <step> Source: user\n\n What is the sea? <step> "
            "Source: assistant\nDestination: user\n\n ",
            "The sea. <step> ",
            ["<step>"],
        ),
    ],
    ids=["system in the last turn", "begun", "begun in words", "two ends", "recipient", "history", "header"],
)
def test_real_kinds_of_templates(make_tokenizer, template, tokens, asked, learned, stops):
    tokenizer = make_tokenizer(template, tokens)
    chat = Chat(tokenizer, recipe.GeneratorConfig(model="tiny"))
    request = Request("key", [system("Be brief."), *ASKED], 1, Sampling(0.0, 1.0, 1.0, 9))
    sent = chat.tokenize(request)
    (example,) = ChatTemplate(tokenizer, "model tiny").examples([(request.messages, ANSWERED)])
    assert example.prompt == sent
    assert (tokenizer.decode(sent), tokenizer.decode(example.completion)) == (asked, learned)
    stop = chat.stop(request)
    assert (sorted(tokenizer.convert_ids_to_tokens(stop.tokens)), stop.texts) == (sorted(stops), [])
    ends = {tokenizer.eos_token_id, *stop.tokens}
    place = next(place for place, token in enumerate(example.completion) if token in ends)
    text = tokenizer.decode(example.completion[:place], skip_special_tokens=chat.skip_special_tokens)
    assert chat.complete(request, sent, text, place + 1, "stop").text.strip() == "The sea."


@pytest.mark.parametrize(
    ("template", "answer", "before", "scored"),
    [
        (CHATML, "The sea.", "assistant\n", "The sea."),
        (OPENED, "The sea.", "assistant\n<think>\n\n</think>\n\n", "The sea."),
        (OPENED, "<think>\nso\n</think>\n\nThe sea.", "assistant\n<think>\n", "so\n</think>\n\nThe sea."),
    ],
)
def test_an_answer_is_scored_where_it_is_learned(make_tokenizer, template, answer, before, scored):
    tokenizer = make_tokenizer(template, TOKENS)
    chat_template = ChatTemplate(tokenizer, "model tiny")
    prompt, ids = chat_template.answer(ASKED, answer)
    assert tokenizer.decode(prompt).endswith(before)
    assert tokenizer.decode(ids) == scored
    (example,) = chat_template.examples([(ASKED, [{"role": "assistant", "content": answer}])])
    whole = [*example.prompt, *example.completion]
    assert whole[: len(prompt) + len(ids)] == [*prompt, *ids]


def test_reasoning_that_has_no_place_is_not_scored(make_tokenizer):
    quiet = CHATML.replace("assistant\n{%", "assistant\n<think>\n\n</think>\n\n{%")
    template = ChatTemplate(make_tokenizer(quiet, TOKENS), "model tiny")
    with pytest.raises(ConversationRefused, match="it takes no reasoning"):
        template.answer(ASKED, "<think>\nso\n</think>\n\nThe sea.")


@pytest.fixture
def timer():
    """The timer is free, or a test's: pytest-timeout uses it, too."""
    before = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.setitimer(signal.ITIMER_REAL, *before)


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
PLAIN = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (ENDLESS, "it takes too long"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "maximum recursion depth"),
        ("{{ 'a' + 1 }}", "can only concatenate str"),
        (PLAIN + "\udcff", "surrogates not allowed"),
        (PLAIN + '{{ "\\ud800" }}', "surrogates not allowed"),
        ("{% if messages | length == 1 and not add_generation_prompt %}{{ 1 / 0 }}{% endif %}" + PLAIN, "division by"),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_template_that_raises_or_never_ends_is_refused(make_tokenizer, monkeypatch, timer, template, says):
    monkeypatch.setattr("sdrrl_data.chat.template.RENDERING", 0.3)
    with pytest.raises(UserError, match=says):
        ChatTemplate(make_tokenizer(template), "model m")


def test_the_alarm_of_somebody_else_stays(make_tokenizer, timer):
    signal.setitimer(signal.ITIMER_REAL, 1000)
    ChatTemplate(make_tokenizer(PLAIN), "model m")
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 900


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, ""),
        ({"enable_thinking": True}, ""),
        ({"enable_thinkin": True}, "the chat template of model tiny does not read the option enable_thinkin"),
        ({"enable": 1, "enable_thinking": 1, "padding": True}, "does not read the option enable, padding"),
    ],
)
def test_an_option_that_the_template_does_not_read_is_said(make_tokenizer, options, says):
    tokenizer = make_tokenizer("{% if enable_thinking %}{% endif %}" + CHATML, TOKENS)
    template = ChatTemplate(tokenizer, "model tiny", options=options)
    assert (says in template.doubt) if says else template.doubt == ""
