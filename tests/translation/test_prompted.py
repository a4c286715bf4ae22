import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data import recipe
from sdrrl_data.generation.openai import OpenAIGenerator
from sdrrl_data.generation.transformers import TransformersGenerator
from sdrrl_data.languages import find
from sdrrl_data.models.locating import locate
from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.llm import LlmConfig
from sdrrl_data.translation.prompted import unwrapped
from sdrrl_data.translation.self_translation import SelfTranslationConfig
from tests.generation.server import ChatServer, completion, error

PORTUGUESE = {
    "Good morning!": "Bom dia!",
    "It rains.": "Chove.",
    "Put {src} and {text} there.": "Ponha {src} e {text} ali.",
}


@pytest.fixture(autouse=True)
def local(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def serve():
    """Starts a server that answers by a script; returns the server, and a translator that uses it."""
    servers = []

    def serve(script, seed=42, **settings):
        servers.append(server := ChatServer(script))
        how = recipe.ServerConfig(url=server.url, concurrency=4, timeout=60.0, retries=0)
        generator = OpenAIGenerator(recipe.GeneratorConfig(model="tiny", engine="openai", server=how))
        return server, translator(generator, seed, **settings)

    yield serve
    for server in servers:
        server.stop()


def translator(generator, seed=42, **settings):
    context = recipe.TranslatorContext(find("en"), find("pt"), lambda config: generator, seed)
    return SelfTranslationConfig(**settings).open(context)


def text_of(body):
    return body["messages"][-1]["content"].partition("\n\n")[2]


def into_portuguese(body, tries):
    return completion(PORTUGUESE[text_of(body)])


def saying(reply):
    return lambda body, tries: completion(reply)


def test_each_sentence_gets_its_translation(serve):
    _, self_translator = serve(into_portuguese)
    assert dict(self_translator.translate(list(PORTUGUESE))) == dict(enumerate(PORTUGUESE.values()))


def test_the_prompt_names_the_languages_and_shows_the_examples(serve):
    examples = (recipe.FewShotExample(question="One {text}.", answer="Um {text}."),)
    server, self_translator = serve(
        saying("Chove."), prompt="{src} -> {tgt} {other}: {text}\n{tgt}:", few_shot=examples
    )
    assert list(self_translator.translate(["It {tgt} rains."])) == [(0, "Chove.")]
    assert server.bodies[0]["messages"] == [
        {"role": "user", "content": "English -> Portuguese {other}: One {text}.\nPortuguese:"},
        {"role": "assistant", "content": "Um {text}."},
        {"role": "user", "content": "English -> Portuguese {other}: It {tgt} rains.\nPortuguese:"},
    ]


def test_another_model_translates_with_its_own_settings(serve):
    server, _ = serve(saying("Chove."))
    config = LlmConfig(
        model="tower",
        server=recipe.ServerConfig(url=server.url),
        engine="openai",
        system_prompt="You translate.",
        few_shot=(recipe.FewShotExample(question="One.", answer="Um."),),
        prompt="{src} -> {tgt}: {text}",
        max_tokens=99,
    )
    asked = []

    def generator(of_translator):
        asked.append(of_translator)
        return OpenAIGenerator(of_translator)

    opened = config.open(recipe.TranslatorContext(find("en"), find("pt"), generator, 42))
    assert list(opened.translate(["It rains."])) == [(0, "Chove.")]
    assert asked == [config.asks()]
    assert (asked[0].model, asked[0].max_tokens, type(asked[0])) == ("tower", 99, recipe.GeneratorConfig)
    assert [(body["model"], body["temperature"], body["max_tokens"]) for body in server.bodies] == [("tower", 0, 99)]
    assert server.bodies[0]["messages"] == [
        {"role": "system", "content": "You translate."},
        {"role": "user", "content": "English -> Portuguese: One."},
        {"role": "assistant", "content": "Um."},
        {"role": "user", "content": "English -> Portuguese: It rains."},
    ]


def test_what_came_out_wrong_is_sampled_in_another_way(serve):
    server, self_translator = serve(into_portuguese, max_tokens=50, stop=("\n",))
    for again in (False, False, True, True):
        list(self_translator.translate(["It rains."], again))
    assert [(body["temperature"], body["max_tokens"], body["stop"]) for body in server.bodies] == [
        (temperature, 50, ["\n"]) for temperature in (0, 0, 0.7, 0.7)
    ]
    first, same, other, same_other = (body["seed"] for body in server.bodies)
    assert first == same != other == same_other


def test_a_temperature_above_is_kept(serve):
    server, self_translator = serve(into_portuguese, temperature=1.2)
    list(self_translator.translate(["It rains."], again=True))
    assert server.bodies[0]["temperature"] == 1.2


def test_the_seed_hangs_on_the_text_and_the_recipe_alone(serve):
    server, self_translator = serve(into_portuguese)
    list(self_translator.translate(["It rains."]))
    list(self_translator.translate(["Good morning!", "It rains."]))
    other_server, other = serve(into_portuguese, seed=43)
    list(other.translate(["It rains."]))
    seeds = {(text_of(body), body["seed"]) for body in server.bodies}
    assert len(seeds) == len(dict(seeds)) == 2
    assert other_server.bodies[0]["seed"] not in dict(seeds).values()


def test_what_fails_is_set_aside_alone(serve):
    def script(body, tries):
        match text_of(body):
            case "Cut.":
                return completion("Cor", "length")
            case "Refused.":
                return error(400, "too long")
            case _:
                return into_portuguese(body, tries)

    _, self_translator = serve(script, max_tokens=7)
    assert dict(self_translator.translate(["Cut.", "It rains.", "Refused."])) == {
        0: SetAside("the translation was cut at 7 tokens"),
        1: "Chove.",
        2: SetAside("the server refuses it: too long (HTTP 400)"),
    }


def test_results_come_while_others_are_waited_for(serve):
    answered = threading.Event()

    def script(body, tries):
        assert "rains" not in text_of(body) or answered.wait(60)
        return into_portuguese(body, tries)

    _, self_translator = serve(script)
    results = self_translator.translate(["It rains.", "Good morning!"])
    assert next(results) == (1, "Bom dia!")
    answered.set()
    assert list(results) == [(0, "Chove.")]


@pytest.mark.parametrize(
    ("text", "reply", "translation"),
    [
        ("It rains.", "  Chove.\n", "Chove."),
        ("It rains.", "Chove\nmuito.", "Chove muito."),
        ("It rains.", '"Chove."', "Chove."),
        ("It rains.", "„Chove.“", "Chove."),
        ("It rains.", "Translation: Chove.", "Chove."),
        ("It rains.", "**Translation:** Chove.", "Chove."),
        ("It rains.", "**Portuguese translation**:\n\nChove.", "Chove."),
        ("It rains.", "Portuguese: «Chove.»", "Chove."),
        ("It rains.", "The translation into Portuguese:\nChove.", "Chove."),
        ("It rains.", "Sure! Here is the translation:\n\n“Chove.”", "Chove."),
        ("It rains.", "Okay, here's the translation into Portuguese:\n\nChove.", "Chove."),
        ("It rains.", "Certainly, here's the text translated into Portuguese:\nChove.", "Chove."),
        ("It rains.", "Chove.\n\n(Note: 'chover' is impersonal.)", "Chove."),
        ("It rains.", "Chove.\n\n**Note:** it is\n\nimpersonal.", "Chove."),
        ("It rains.", "Here is the translation:\n```\nChove.\n```", "Chove."),
        ("It rains.", "", ""),
        ("It rains.", '"', '"'),
        # Text that may belong to the translation stays.
        ('"It rains."', '"Chove."', '"Chove."'),
        ("The word rain", '"Chuva" e "chover"', '"Chuva" e "chover"'),
        ("The rock 'n' roll", "'n' e 'n'", "'n' e 'n'"),
        ("Translation: it rains.", "Translation: chove.", "Translation: chove."),
        ("Sure! It rains.", "Claro! Chove.", "Claro! Chove."),
        ("Note: it rains.", "Nota: chove.", "Nota: chove."),
        ("# Rain\n\nIt rains.\n", "# Chuva\n\nChove.\n\nNote: x", "# Chuva\n\nChove.\n\nNote: x"),
        ("# Rain\n\nIt rains.\n", "Here is the translation:\n\n# Chuva\n\nChove.", "# Chuva\n\nChove."),
        ("# Rain\n\nIt rains.\n", "```markdown\n# Chuva\n\nChove.\n```", "# Chuva\n\nChove."),
        ("```\nx\n```", "```\nx\n```", "```\nx\n```"),
    ],
)
def test_what_a_model_puts_around_a_translation_is_taken_off(text, reply, translation):
    assert unwrapped(text, reply, "Portuguese") == translation


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("\"'`:*()\nNote Thai«“”’"))
def test_a_text_that_comes_back_as_it_is_loses_nothing(text):
    assert "".join(unwrapped(text, text, "Thai").split()) == "".join(text.split())


def test_a_sentence_comes_out_as_one_line(serve):
    _, self_translator = serve(saying("Translation:\n\nChove\nmuito."))
    assert list(self_translator.translate(["It rains."])) == [(0, "Chove muito.")]


def test_a_model_of_the_run_itself(chat_model):
    generator = TransformersGenerator(
        recipe.GeneratorConfig(model=str(chat_model), max_tokens=4, max_model_len=120),
        locate(str(chat_model), None, "generator", "--model"),
    )
    self_translator = translator(generator, prompt="{text}", max_tokens=4, repetition_penalty=1.1)
    texts = ["It rains.", "the sea " * 100, "What is the sky?"]
    first, same = dict(self_translator.translate(texts)), dict(self_translator.translate(texts))
    generator.close()
    assert sorted(first) == [0, 1, 2]
    assert first[1].reason.startswith("the prompt has")
    assert first == same


@pytest.mark.parametrize(
    ("settings", "whole_texts", "max_characters"),
    [
        ({}, False, 500),
        ({"max_tokens": 100}, False, 200),
        ({"unit": "text"}, True, 4096),
        ({"unit": "text", "max_tokens": 4000}, True, 8000),
    ],
)
def test_what_it_wants_to_be_given(settings, whole_texts, max_characters):
    self_translator = translator(None, **settings)
    assert (self_translator.whole_texts, self_translator.max_characters) == (whole_texts, max_characters)
