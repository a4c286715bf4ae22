import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe import Prompts
from sdrrl_data.recipe_files import load
from sdrrl_data.steps import prompts

EN, PT, VI, FR = map(find, ("en", "pt", "vi", "fr"))
SHIPPED = load("quickstart").prompts


class Shout:
    max_characters = 400

    def translate(self, sentences, advance):
        return [sentence.upper() for sentence in sentences]


def texts(rows, kind, language):
    return rows.filter(kind=kind, language=language)["text"].to_list()


def test_what_is_written_is_used():
    rows = prompts.make(SHIPPED, EN, PT, lambda: pytest.fail("no translator is needed")).rows
    assert "Answer in Portuguese." in texts(rows, "answer_in", "en")
    assert "Responda em inglês." in texts(rows, "answer_in", "pt")
    assert "Traduza o texto a seguir para o inglês." in texts(rows, "translate", "pt")
    assert "Continue this sentence in English:" in texts(rows, "complete", "en")
    assert "Continue esta frase em português:" in texts(rows, "complete", "pt")


def test_what_is_not_written_is_translated():
    rows = prompts.make(SHIPPED, EN, VI, Shout).rows
    assert "Answer in Vietnamese." in texts(rows, "answer_in", "en")
    assert "ANSWER IN ENGLISH." in texts(rows, "answer_in", "vi")
    assert "TRANSLATE THE FOLLOWING TEXT INTO ENGLISH." in texts(rows, "translate", "vi")
    assert "CONTINUE THIS SENTENCE IN VIETNAMESE:" in texts(rows, "complete", "vi")


def test_a_source_language_without_prompts_is_refused():
    with pytest.raises(UserError, match=r"the recipe has none in French .*: give it prompts\.fr"):
        prompts.check(SHIPPED, FR, PT)
    sentences = ("Réponds en {language}.",)
    nameless = SHIPPED | {"fr": Prompts(answer_in=sentences, translate=sentences, complete=sentences)}
    with pytest.raises(UserError, match=r"that name Portuguese"):
        prompts.check(nameless, FR, PT)
    prompts.check(SHIPPED, EN, PT)


def test_words_vary_from_row_to_row_but_not_from_run_to_run():
    rows = prompts.make(SHIPPED, EN, PT, lambda: None).rows
    first, second = prompts.Asking(rows, 42), prompts.Asking(rows, 42)
    asked = [first("answer_in", "en", str(id)) for id in range(100)]
    assert len(set(asked)) == len(SHIPPED["en"].answer_in)
    assert asked == [second("answer_in", "en", str(id)) for id in range(100)]
