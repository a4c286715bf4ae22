"""Emphasis does not change the words of a translation; its marks come back where the words went, or are left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside, TextPair
from sdrrl_data.run import Journal
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.translation.test_symbols import TRANSLATORS
from tests.translation.test_texts import Spell

EN, PT = find("en"), find("pt")


def translate(text, words, again=None):
    """A text translated with a dictionary of sentences, and what was sent."""
    spell = Spell(words.__getitem__)
    (pair,) = translate_texts([text], EN, PT, spell)
    return pair, spell.given


def test_all_words_in_bold_are_sent_bare_and_once():
    words = {"Washing hands with soap": "Lavar as mãos com sabão", "Is it really true?": "É verdade mesmo?"}
    pair, sent = translate("**Washing hands with soap**:\n\n1. *Is it really true*?\n", words)
    assert pair.target == "**Lavar as mãos com sabão**:\n\n1. *É verdade mesmo*?\n"
    assert set(sent) == set(words)


def test_a_label_is_a_sentence_by_itself():
    pair, _ = translate(
        "Stop here. **Caution:** Hot water.", {"Stop here.": "Pare.", "Caution:": "Cuidado:", "Hot water.": "Água."}
    )
    assert pair.target == "Pare. **Cuidado:** Água."


def test_words_are_found_by_their_translation():
    words = {"Do not stop, ever.": "Nunca, não pare.", "not": "não", "ever": "nunca"}
    pair, sent = translate("Do **not** stop, *ever*.", words)
    assert pair.target == "*Nunca*, **não** pare."
    assert sent == ["Do not stop, ever.", "not", "ever"]


def test_what_is_not_found_so_is_found_by_the_sentence_with_marks():
    words = {"It is essential for us.": "É essencial para nós.", "essential": "vital"}
    pair, sent = translate(
        "It is **essential** for us.", words | {"It is [essential] for us.": "É [essential] para nós."}
    )
    assert pair.target == "É **essencial** para nós."
    assert len(sent) == 3


@pytest.mark.parametrize("with_marks", ["É essential para nós.", "[Nada] disso.", "É [essential para nós."])
def test_marks_are_left_out_where_their_place_is_not_sure(with_marks):
    words = {"It is essential for us.": "É essencial para nós.", "essential": "vital"}
    pair, _ = translate("It is **essential** for us.", words | {"It is [essential] for us.": with_marks})
    assert pair.target == "É essencial para nós."


def test_code_in_emphasis_stays():
    words = {"Use the X0 function now.": "Use a função X0 agora.", "the X0 function": "a função X0"}
    pair, _ = translate("Use **the `print` function** now.", words)
    assert pair.target == "Use **a função `print`** agora."


def test_a_sentence_that_only_comes_through_with_marks_is_taken_so():
    words = {"It is big news for all.": "", "It is [big] news for all.": "É [grande] notícia para todos."}
    pair, _ = translate("It is **big** news for all.", words)
    assert pair.target == "É **grande** notícia para todos."


FAILED = SetAside("the server failed: crashed", again=True)


@pytest.mark.parametrize("failing", ["Do not go there.", "not", "Do [not] go there."])
def test_where_a_server_fails_the_sentence_is_asked_for_again(failing, tmp_path):
    text = "Do **not** go there."
    words = {"Do not go there.": "Não vá para lá.", "not": "jamais", "Do [not] go there.": "[Não] vá lá."}
    journal = Journal(tmp_path / "journal", "made so")
    (failed,) = translate_texts([text], EN, PT, Spell((words | {failing: FAILED}).__getitem__), journal=journal)
    journal.close()
    assert failed.again
    (later,) = translate_texts(
        [text], EN, PT, Spell(words.__getitem__), journal=Journal(tmp_path / "journal", "made so")
    )
    assert later.target == "**Não** vá para lá."


MARKS = ["**", "*", "__", "_", "~~", "***"]
WORDS = [
    "the",
    "House",
    "is",
    "red",
    "`a*b`",
    "5 * 3",
    "C#",
    "不",
    "not",
    "why",
    "[a](b.md)",
    "(so)",
    "“yes”",
    "https://a.org/x_y_z",
]


@st.composite
def emphasised(draw):
    """A text with emphasis in it, one inside another, too."""
    text = ""
    for _ in range(draw(st.integers(1, 6))):
        mark = draw(st.sampled_from(MARKS))
        inner = draw(st.sampled_from(["", *(inner for inner in MARKS if inner[0] != mark[0])]))
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
        last, first = draw(st.sampled_from(WORDS)), draw(st.sampled_from(WORDS))
        end = draw(st.sampled_from([" ", ", ", ". ", ".\n\n- "]))
        text += f"{first} {mark}{inner}{words}{inner} {last}{mark}{end}"
    return text


@given(emphasised())
def test_what_is_not_changed_comes_back_byte_for_byte(text):
    (pair,) = translate_texts([text], EN, PT, Spell(str))
    assert isinstance(pair, SetAside) or pair.target == text


@pytest.mark.parametrize("name", TRANSLATORS)
@given(emphasised())
def test_marks_are_balanced_or_left_out(name, text):
    (pair,) = translate_texts([text], EN, PT, Spell(TRANSLATORS[name]))
    if isinstance(pair, TextPair):
        target = pair.target
        for code in ("`a*b`", "https://a.org/x_y_z"):
            assert target.count(code) == text.count(code)
            target, text = target.replace(code, ""), text.replace(code, "")
        for mark in "*_~":
            assert target.count(mark) <= text.count(mark)
            assert (text.count(mark) - target.count(mark)) % 2 == 0


@pytest.fixture(scope="module")
def portuguese():
    """Translates with Firefox's model."""
    translator = FirefoxTranslator(FirefoxConfig(), EN, PT)
    yield lambda text: translate_texts([text], EN, PT, translator)[0].target
    translator.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- **Washing Your Hands with Soap**:", "- **Lavar as mãos com sabão**:"),
        ("**Table Saw**:", "**Serra de mesa**:"),
        ("We use **Caetano Veloso** here.", "Nós usamos **Caetano Veloso** aqui."),
        ("It is **essential** for all of us.", "É **essencial** para todos nós."),
        ("1 medium **cucumber**, diced", "1 **pepino** médio, em cubos"),
        ("Do *not* force them.", "*Não* os force."),
        ('What does `print("Hello")` do?', 'O que faz o `print("Hello")`?'),
    ],
)
def test_firefox(text, expected, portuguese):
    assert portuguese(text) == expected
