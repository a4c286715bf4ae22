"""The words of slots are translated by themselves; names of machines stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside, TextPair
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.translation.test_symbols import TRANSLATORS
from tests.translation.test_texts import Spell, coded

EN, PT = find("en"), find("pt")


def test_a_slot_is_carried_and_its_words_are_translated():
    words = {
        "Share your X0 with X1.": "Partilhe o seu X0 com X1.",
        "Desired Outcome": "resultado desejado",
        "Desired outcome": "resultado desejado",
        "the city": "a cidade",
    }
    spell = Spell(words.__getitem__)
    (pair,) = translate_texts(["Share your [Desired Outcome] with {the city}."], EN, PT, spell)
    assert pair.target == "Partilhe o seu [Resultado desejado] com {a cidade}."
    assert set(spell.given) == set(words)


def test_emphasis_in_and_around_a_slot():
    words = {"Ask X0 now.": "Pergunte a X0 agora.", "your good boss": "ao bom chefe", "good": "bom"}
    (pair,) = translate_texts(["Ask **[your *good* boss]** now."], EN, PT, Spell(words.__getitem__))
    assert pair.target == "Pergunte a **[ao *bom* chefe]** agora."


def test_where_the_placeholder_is_lost_a_sentence_is_cut_at_its_slots():
    spell = Spell(lambda sentence: coded(sentence.replace("X0", "")))
    (pair,) = translate_texts(["Write to [your boss] and wait."], EN, PT, spell)
    assert pair.target == f"W{coded('rite to')} [{coded('your boss')}] {coded('and wait.')}"


@pytest.mark.parametrize("words", ["", "meu [chefe", "..."])
def test_a_text_whose_slot_is_lost_is_set_aside(words):
    (lost,) = translate_texts(
        ["Write to [your boss] now."],
        EN,
        PT,
        Spell({"Write to X0 now.": "Escreva a X0 já.", "your boss": words}.__getitem__),
    )
    assert isinstance(lost, SetAside)


SLOTS = ["[Your Name]", "{the city}", "<your boss>", "{{Full Name}}", "[12]", "{city_name}", "<USER_ID>"]
TEXTS = st.lists(
    st.sampled_from([*SLOTS, *SLOTS, "the", "house", "is", "red.", "Why", "not?", "**so**", "\n\n", "- "]), max_size=10
).map(" ".join)


@given(TEXTS)
def test_what_is_not_changed_comes_back_byte_for_byte(text):
    (pair,) = translate_texts([text], EN, PT, Spell(str))
    assert isinstance(pair, SetAside) or pair.target == text


@pytest.mark.parametrize("name", TRANSLATORS)
@given(TEXTS)
def test_slots_come_back_or_the_text_is_set_aside(name, text):
    (pair,) = translate_texts([text], EN, PT, Spell(TRANSLATORS[name]))
    if isinstance(pair, TextPair):
        for bracket in "[]{}<>":
            assert pair.target.count(bracket) == text.count(bracket)
        for name_of_machine in ("[12]", "{city_name}", "<USER_ID>"):
            assert pair.target.count(name_of_machine) == text.count(name_of_machine)


@pytest.fixture(scope="module")
def portuguese():
    """Translates with Firefox's model."""
    translator = FirefoxTranslator(FirefoxConfig(), EN, PT)
    yield lambda text: translate_texts([text], EN, PT, translator)[0].target
    translator.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Share your [Desired Outcome or Impact] with us.",
            "Partilhe o seu [Resultado ou impacto desejado] connosco.",
        ),
        ("Dear [Client's Name],", "Querido [Nome do cliente],"),
        ("[Chorus]\nAnother day", "[Coro]\nOutro dia"),
        ("The end.[citation needed]", "O fim.[citação necessária]"),
        ("Hello {{Recipient Name}} in {{ city_name }}!", "Olá {{Nome do destinatário}} em {{ city_name }}!"),
    ],
)
def test_firefox(text, expected, portuguese):
    assert portuguese(text) == expected
