import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.capitals import (
    as_sent,
    as_written,
    better_of,
    capitalised,
    lower,
    uncapitalised,
    upper,
    with_small_initial,
    without_title_case,
    words_in_small_letters,
)
from tests.text.documents import ANY_TEXT

TAGS = st.sampled_from(["en", "de", "tr", "az", "nl", "ka", "el", "pt", "fr", "zh", "ar", "hi"])


@pytest.mark.parametrize(
    ("language", "text", "capitals", "small"),
    [
        ("en", "title it", "TITLE IT", "title it"),
        ("tr", "ışık ile iyi", "IŞIK İLE İYİ", "ışık ile iyi"),
        ("az", "isti ılıq", "İSTİ ILIQ", "isti ılıq"),
        ("el", "Άνθρωποι και ζώα", "ΑΝΘΡΩΠΟΙ ΚΑΙ ΖΩΑ", "άνθρωποι και ζώα"),
        ("de", "große Straße", "GROSSE STRASSE", "große straße"),
        ("ka", "თბილისი", "თბილისი", "თბილისი"),
        ("ar", "مرحبا", "مرحبا", "مرحبا"),
    ],
)
def test_case_follows_the_language(language, text, capitals, small):
    assert (upper(text, language), lower(text, language)) == (capitals, small)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("nl", "ijs is koud", "IJs is koud"),
        ("tr", "iyi", "İyi"),
        ("en", "ice", "Ice"),
        ("ka", "თბილისი", "თბილისი"),
        ("hr", "ǆep", "ǅep"),
        ("zh", "你好", "你好"),
    ],
)
def test_the_first_letter_follows_the_language(language, text, expected):
    assert capitalised(text, language) == expected
    assert uncapitalised(expected, language) == text


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Hunde bellen", "Hunde bellen"),
        ("de", "Wie geht es", "wie geht es"),
        ("en", "I am here", "I am here"),
        ("fr", "ONU et lui", "ONU et lui"),
    ],
)
def test_nouns_and_acronyms_keep_their_capital(language, text, expected):
    assert uncapitalised(text, language) == expected


@pytest.mark.parametrize(
    ("language", "sentence", "sent"),
    [
        ("en", "DO NOT TOUCH THE RED BUTTON", "Do not touch the red button"),
        ("en", "I'M SO HAPPY, AND I SING!", "I'm so happy, and I sing!"),
        ("en", "RUN X0 WITH HTML ON YOUR iPhone", "Run X0 with HTML on your iPhone"),
        ("en", "IMPORTANT:", "Important:"),
        ("tr", "ISINMA VE İYİLİK", "Isınma ve iyilik"),
        ("ru", "НЕ ВХОДИТЬ", "Не входить"),
        ("en", "NASA", "NASA"),
        ("en", "Do NOT touch", "Do NOT touch"),
        ("en", "J. R. R. T.", "J. R. R. T."),
        ("en", "what does the @ in python do", "What does the @ in python do?"),
        ("en", "how many people live in brazil", "how many people live in brazil"),
        ("en", "how many people are there in brazil", "How many people are there in brazil?"),
        ("en", "Who wrote the old book", "Who wrote the old book?"),
        ("pt", "quem escreveu esse livro", "Quem escreveu esse livro?"),
        ("en", "how to cook rice", "how to cook rice"),
        ("en", "What Is Machine Learning", "What Is Machine Learning"),
        ("en", "is it safe to eat it?", "is it safe to eat it?"),
        ("en", "Launch Vehicle", "Launch Vehicle"),
    ],
)
def test_what_is_sent(language, sentence, sent):
    assert as_sent(sentence, language).text == sent


@pytest.mark.parametrize(
    ("language", "sentence", "translation", "expected"),
    [
        ("pt", "DO NOT TOUCH THE BUTTON", "Não toque no botão", "NÃO TOQUE NO BOTÃO"),
        ("pt", "USE YOUR iPhone NOW", "Use o seu iPhone agora", "USE O SEU iPhone AGORA"),
        ("tr", "DO NOT TOUCH IT", "Sakın dokunma iyi", "SAKIN DOKUNMA İYİ"),
        ("el", "THE OLD MAN", "Ο γέρος άνθρωπος", "Ο ΓΕΡΟΣ ΑΝΘΡΩΠΟΣ"),
        ("pt", "Launch Vehicle", "veículo lançamento", "Veículo lançamento"),
        ("pt", "*Launch* it", "*lance* isto", "*Lance* isto"),
        ("nl", "Ice is cold", "ijs is koud", "IJs is koud"),
        ("ka", "Launch it", "გაუშვი", "გაუშვი"),
        ("ja", "Launch it", "打ち上げ", "打ち上げ"),
        ("pt", "fuel and a tank", "O combustível", "o combustível"),
        ("de", "apples", "Äpfel", "Äpfel"),
        ("pt", "iPhone cases", "capas de iPhone", "capas de iPhone"),
        ("pt", "Cases for it", "iPhone e capas", "iPhone e capas"),
        ("pt", "X0 is a command", "X0 é um comando", "X0 é um comando"),
        ("pt", "what is the capital of france", "Qual é a capital da França?", "qual é a capital da França"),
        ("pt", "Who wrote the old book", "Quem escreveu o livro?", "Quem escreveu o livro"),
        ("es", "who wrote the old book", "¿Quién escribió el libro?", "quién escribió el libro"),
        ("pt", "who is paris hilton", "Paris Hilton é quem?", "Paris Hilton é quem"),
        ("de", "who is this man", "Wer ist dieser Mann?", "wer ist dieser Mann"),
        ("pt", "Indirect heat:", "Calor indireto", "Calor indireto:"),
        ("pt", "Indirect heat (slow):", "Calor indireto (lento)", "Calor indireto (lento):"),
        ("zh-Hans", "Indirect heat:", "间接加热", "间接加热："),
        ("pt", "Indirect heat:", "Calor indireto -", "Calor indireto -:"),
        ("pt", "Which heat:", "Qual calor?", "Qual calor?"),
    ],
)
def test_a_translation_is_written_as_its_source_was(language, sentence, translation, expected):
    assert as_written(translation, sentence, as_sent(sentence, "en"), language) == expected


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Launch Vehicle", "Launch vehicle"),
        ("Benefits of X0 and AI for Your Health:", "Benefits of X0 and AI for your health:"),
        ("Step 1: Clean the iPhone Screen", "Step 1: clean the iPhone screen"),
        ("Day 2 (April 8): Coastal Beauty", "Day 2 (April 8): coastal beauty"),
        ("Open From Monday To Friday", "Open from Monday to Friday"),
        ("Launch vehicle", None),
        ("Vehicle", None),
        ("He Said It.", None),
        ("London, Paris, Rome", None),
        ("NASA", None),
    ],
)
def test_a_heading_in_title_case_is_also_sent_in_sentence_case(heading, expected):
    assert without_title_case(heading, "en") == expected
    assert without_title_case(heading, "de") is None


@pytest.mark.parametrize(
    ("heading", "as_it_is", "in_sentence_case", "expected"),
    [
        ("Divergent Boundaries", "Divergente Fronteiras", "Limites divergentes", "Limites divergentes"),
        ("South Korea", "Coreia do Sul", "Coreia do sul", "Coreia do Sul"),
        ("Michael Jordan", "Miguel Jordânia", "Miguel jordan", "Miguel Jordânia"),
        ("Name: Bill Gates", "Nome: Bill Gates", "Nome: portões da conta", "Nome: Bill Gates"),
        ("Salt Lake City", "Cidade de Salt Lake", "Cidade do lago salgado", "Cidade de Salt Lake"),
        ("Arthur Ransom", "Arthur Ransom", "Arthur resgate", "Arthur Ransom"),
        (
            "President Lincoln's Proclamation",
            "Proclamação do Presidente Lincoln",
            "A proclamação do presidente lincoln",
            "Proclamação do Presidente Lincoln",
        ),
        (
            "Visit the United States",
            "Visita agora aos Estados Unidos",
            "Visite os estados unidos",
            "Visite os Estados Unidos",
        ),
        ("AI in Monetization Plans", "AI em conteúdo", "AI na monetização", "AI na monetização"),
    ],
)
def test_the_better_translation_of_a_heading_keeps_names(heading, as_it_is, in_sentence_case, expected):
    assert better_of(heading, as_it_is, in_sentence_case) == expected


@pytest.mark.parametrize(
    ("heading", "as_it_is", "in_sentence_case", "text", "expected"),
    [
        (
            "Avoid Harsh Chemicals",
            "Evite Harsh Chemicals",
            "Evite produtos químicos agressivos",
            "Do not use harsh chemicals.",
            "Evite produtos químicos agressivos",
        ),
        ("Cool and Serve", "Cool e servir", "Esfrie e sirva", "Let it cool.", "Esfrie e sirva"),
        (
            "Repair Scratches and Dents",
            "Reparar Scratches e Dents",
            "Reparar arranhões e amassados",
            "If it is scratched or dented, fill it.",
            "Reparar arranhões e amassados",
        ),
        ("Epic Privacy Browser", "Epic Privacy Browser", "Navegador épico", "A browser.", "Epic Privacy Browser"),
        ("Name: Bill Gates", "Nome: Bill Gates", "Nome: portões da conta", "Bill Gates paid.", "Nome: Bill Gates"),
    ],
)
def test_a_word_that_its_text_writes_in_small_letters_is_no_name(heading, as_it_is, in_sentence_case, text, expected):
    assert better_of(heading, as_it_is, in_sentence_case, words_in_small_letters(text)) == expected


SHOUTED = st.lists(
    st.sampled_from(
        ["DO", "NOT", "I'M", "THE", "iPhone", "X0", "HTML", "STRASSE", "ÉCOLE", "ИЗБА", "IJS", "İYİ", "ΖΩΑ", ","]
    )
)
ASKED = st.lists(
    st.sampled_from(["what", "who", "is", "are", "the", "Paris", "wie", "qué", "ist", "does", "5", "?", "."])
).map(" ".join)


def test_the_first_word_of_a_sentence_loses_its_capital_unless_it_may_be_a_name():
    assert with_small_initial("Turkeys fly.", ()) == "turkeys fly."
    assert with_small_initial("A bird flies.", ()) == "a bird flies."
    for sentence in (
        "Kim's bird flies.",
        "turkeys fly.",
        "I fly.",
        "I'm here.",
        "HTML.",
        "McKay.",
        "May 1",
        "1 Bird",
        "",
    ):
        assert with_small_initial(sentence, {"Kim"}) is None


@given(st.one_of(ANY_TEXT, SHOUTED.map(" ".join), ASKED), TAGS)
def test_with_an_identity_translator_a_sentence_comes_back(sentence, language):
    sentence = " ".join(sentence.split())
    sent = as_sent(sentence, language)
    assert as_written(sent.text, sentence, sent, language) == sentence


@given(st.one_of(SHOUTED.map(" ".join), ASKED, ANY_TEXT), ANY_TEXT, TAGS)
def test_no_letter_of_any_translation_is_lost(sentence, translation, language):
    written = as_written(translation, sentence, as_sent(sentence, "en"), language)

    def letters(text):
        return [char for char in upper(text, language).casefold() if char.isalnum()]

    assert letters(written) == letters(translation)
