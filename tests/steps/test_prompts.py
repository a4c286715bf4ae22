import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe.loading import load
from sdrrl_data.steps import prompts
from tests.support.small_models import Cipher

EN, PT, VI, FR, SL = map(find, ("en", "pt", "vi", "fr", "sl"))
SHIPPED = load("quickstart").prompts


def texts(rows, kind, language):
    return rows.filter(kind=kind, language=language)["text"].to_list()


def test_what_is_written_is_used():
    rows = prompts.make(SHIPPED, EN, PT, lambda: pytest.fail("no translator is needed")).rows
    assert "Answer in Portuguese." in texts(rows, "answer_in", "en")
    assert "Responda em inglês." in texts(rows, "answer_in", "pt")
    assert "Traduza o texto a seguir para o inglês." in texts(rows, "translate", "pt")
    assert "Continue this sentence in English:" in texts(rows, "complete", "en")
    assert "Continue esta frase em português:" in texts(rows, "complete", "pt")


def test_what_is_not_written_is_translated_from_english():
    rows = prompts.make(SHIPPED, EN, VI, lambda language: Cipher(EN, language)).rows
    cipher = dict(enumerate(["Answer in English.", "Continue this sentence in Vietnamese:"]))
    answer, complete = (translation for _, translation in Cipher(EN, VI).translate(list(cipher.values())))
    assert "Answer in Vietnamese." in texts(rows, "answer_in", "en")
    assert answer in texts(rows, "answer_in", "vi")
    assert complete in texts(rows, "complete", "vi")


def test_neither_language_needs_prompts_of_its_own():
    rows = prompts.make(SHIPPED, SL, VI, lambda language: Cipher(EN, language)).rows
    assert set(rows["language"]) == {"sl", "vi"}
    assert prompts.unwritten(SHIPPED, SL, VI) == [SL, VI]
    (answer,) = (translation for _, translation in Cipher(EN, SL).translate(["Answer in Vietnamese."]))
    assert answer in texts(rows, "answer_in", "sl")


def test_languages_have_their_names_in_every_language():
    rows = prompts.make(SHIPPED, FR, PT, lambda language: pytest.fail("no translator is needed")).rows
    assert "Répondez en portugais." in texts(rows, "answer_in", "fr")
    assert "Responda em francês." in texts(rows, "answer_in", "pt")


def test_without_prompts_in_english_the_recipe_has_to_bring_them():
    with pytest.raises(
        UserError, match=r"no prompts in Vietnamese, and none in English that could be translated: add prompts\.vi"
    ):
        prompts.unwritten({"pt": SHIPPED["pt"]}, PT, VI)


def test_words_vary_from_row_to_row_but_not_from_run_to_run():
    rows = prompts.make(SHIPPED, EN, PT, lambda: None).rows
    first, second = prompts.PromptChooser(rows, 42), prompts.PromptChooser(rows, 42)
    sentences = [first("answer_in", "en", str(id)) for id in range(100)]
    assert len(set(sentences)) == len(SHIPPED["en"].answer_in)
    assert sentences == [second("answer_in", "en", str(id)) for id in range(100)]


def test_a_contrast_asks_in_the_same_words_for_either_language():
    choose = prompts.PromptChooser(
        prompts.make(SHIPPED, EN, PT, lambda _: None, [*prompts.KINDS, prompts.SAME]).rows, 42
    )
    for id in map(str, range(50)):
        other, same = (choose(kind, "pt", id) for kind in ("answer_in", prompts.SAME))
        assert other != same
        assert other.replace("inglês", "português") == same


@pytest.mark.parametrize("language", SHIPPED)
def test_the_sentences_of_pivot_rows_name_both_languages(language):
    tgt = find(language) if language != "en" else PT
    choose = prompts.PromptChooser(prompts.make(SHIPPED, EN, tgt, lambda _: None, prompts.PIVOT).rows, 42)
    src_name, tgt_name = EN.name_in(tgt).lower(), tgt.name_in(tgt).lower()
    for id in map(str, range(20)):
        request = choose("pivot", tgt.tag, id).lower()
        assert src_name in request
        assert tgt_name in request
    assert choose("question_label", "en", "") == "Question in English:"
    assert tgt_name in choose("answer_label", tgt.tag, "").lower()


def test_sentences_of_pivot_rows_are_translated_with_the_others():
    rows = prompts.make(SHIPPED, EN, VI, lambda language: Cipher(EN, language), prompts.PIVOT).rows
    (label,) = (translation for _, translation in Cipher(EN, VI).translate(["Answer in Vietnamese:"]))
    assert texts(rows, "answer_label", "vi") == [label]
    assert len(texts(rows, "pivot", "vi")) == len(SHIPPED["en"].pivot.request)


def test_a_recipe_without_sentences_of_pivot_rows_is_told_which_are_missing():
    bare = {tag: config.model_copy(update={"pivot": None}) for tag, config in SHIPPED.items()}
    assert prompts.unwritten(bare, EN, PT) == []
    with pytest.raises(UserError, match=r"^prompts\.pt\.pivot is missing, and rows of the kind pivot need its request"):
        prompts.unwritten(SHIPPED | {"pt": bare["pt"]}, EN, PT, prompts.PIVOT)
    with pytest.raises(UserError, match=r"^prompts\.en\.pivot is missing"):
        prompts.make(bare, EN, VI, lambda _: None, prompts.PIVOT)


@pytest.mark.parametrize(
    "request_", ["Answer in {language}.", "In {pivot}.", "{pivot} {language} {x}", "{pivot}{language}}"]
)
def test_a_request_of_pivot_rows_without_both_names_is_refused(request_):
    key = "prompts.pt.pivot"
    with pytest.raises(UserError, match=r"names both \{pivot\} and \{language\}"):
        load("quickstart", {key: {"request": [request_], "question": "P {language}:", "answer": "R {language}:"}})
