"""Symbols come through every translator, or the text is set aside."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside, TextPair
from sdrrl_data.text.symbols import symbols
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.translation.test_texts import Spell, coded

EN, PT = find("en"), find("pt")


@pytest.fixture(scope="module")
def firefox():
    translator = FirefoxTranslator(FirefoxConfig(), EN, PT)
    yield translator
    translator.close()


FIREFOX = {
    "5 × 3 = 15 and 15 ÷ 3 = 5": "5 × 3 = 15 e 15 ÷ 3 = 5",
    "The value is −5 today.": "O valor é −5 hoje.",
    "It costs £20 or ¥2000 or R$ 20.": "Custa £20 ou ¥2000 ou R$ 20.",
    "He paid 20 € for it.": "Ele pagou 20 € por isso.",
    "✅ Do this. ❌ Do not do that!": "✅ Faça isso. ❌ Não faça isso!",
    "You are the best 👩\u200d💻👍🏽, really 🇧🇷!": "Você é o melhor 👩\u200d💻👍🏽, realmente 🇧🇷!",
    "1\ufe0f\u20e3 First, open the door.": "1\ufe0f\u20e3 Primeiro, abra a porta.",
    "I love C# and F#, C++ and .NET.": "Eu amo C# e F#, C++ e .NET.",
    "The array [1, 2, 3] is sorted.": "O array [1, 2, 3] é classificado.",
    "Input→output is the flow.": "Entrada→saída é o fluxo.",
    "π ≈ 3.14159 is a number": "π ≈ 3.14159 é um número",
}
KEPT = [
    ("Heat it to ≥ 100 °C.", "≥ 100 °C"),
    ("Ask @maria or @user.name about it.", "@maria", "@user.name"),
    ("In ^ and \\ and ~ there is #ff8800.", " ^ ", " \\ ", " ~ ", "#ff8800"),
    ("Führer was a word, and what does the @ in python do?", "Führer", " @ "),
    ("Update v2.0.1-rc1 to 2.0.1 as shown in [12].", "v2.0.1-rc1", "2.0.1 ", "[12]"),
    ("The ₹500 note, ₿2, 5 ‰, № 7, § 5, ¶ 3, Google™.", "₹500", "₿2", "5 ‰", "№ 7", "§ 5", "¶ 3", "Google™"),
    ("Add ½ cup of milk; x² + y² = z² and CO₂ rises.", "½ x", "x² + y² = z²", "CO₂"),
    ("A tick ☑ and a sharp ♯ sign.", "☑", "♯"),
    ("The function f(x)=x^2 grows.", "f(x)=x^2"),
    ("Use a\\\\b or ~/path here.", "a\\\\b", "~/path"),
    ("We are #1 in the world.", "#1"),
    ("Connect to 2001:db8::1 or 0xFF now.", "2001:db8::1", "0xFF"),
    ("The gene ATCGGA is short.", "ATCGGA"),
    ("See 10.1000/182 for details.", "10.1000/182"),
    ("In Russian one says добрый день, in Chinese 你好.", "добрый день", "你好"),
    ("#HappyMonday to all!", "#HappyMonday"),
    ("•Posted by me and you", "•P"),
    ("Against hepatitis B,[3] alcohol use,[8] and water.", "B,[3]", ",[8]"),
    ("So a < b and c > d hold.", "a < b", "c > d"),
    ("Temperatures of -5 °C are cold.", "-5 °C"),
]


@pytest.fixture(scope="module")
def portuguese(firefox):
    """What Firefox makes of each of the texts above."""
    texts = [*FIREFOX, *(text for text, *_ in KEPT), "He won&rsquo;t come to M&uuml;nchen.", "It’s the “best” one."]
    return dict(zip(texts, translate_texts(texts, EN, PT, firefox), strict=True))


@pytest.mark.parametrize("text", FIREFOX)
def test_firefox_keeps_what_its_vocabulary_does_not_have(text, portuguese):
    assert portuguese[text].target == FIREFOX[text]


@pytest.mark.parametrize(("text", "parts"), [(text, parts) for text, *parts in KEPT])
def test_symbols_of_every_kind_come_back(text, parts, portuguese):
    assert [part for part in parts if part not in portuguese[text].target] == []


def test_entities_of_words_are_read(portuguese):
    target = portuguese["He won&rsquo;t come to M&uuml;nchen."].target
    assert "não" in target
    assert "M&uuml;nchen" in target


def test_curly_quotes_are_sent_as_straight_ones(portuguese):
    assert '"melhor"' in portuguese["It’s the “best” one."].target


def test_a_lost_symbol_is_carried_the_second_time():
    spell = Spell(lambda sentence: coded(sentence).replace("#", ""))
    (pair,) = translate_texts(["I like C# most."], EN, PT, spell)
    assert spell.given == ["I like C# most.", "I like X0 most."]
    assert pair.target == f"I {coded('like')} C# {coded('most')}."


def test_what_gets_lost_twice_is_said():
    (lost,) = translate_texts(
        ["I like C# most."], EN, PT, Spell(lambda sentence: coded(sentence).replace("C#", "C").replace("X0", ""))
    )
    assert lost == SetAside("it does not have the same symbols as the source (C#): “I like C# most.”")


def test_an_added_symbol_is_a_fault():
    (lost,) = translate_texts(["The first chapter."], EN, PT, Spell(lambda sentence: f"== {coded(sentence)}"))
    assert isinstance(lost, SetAside)


def test_a_whole_text_that_lost_a_symbol_goes_by_sentence():
    spell = Spell(lambda text: coded(text).replace("×", "-"), whole_texts=True, max_characters=1000)
    (pair,) = translate_texts(["See 5 × 3 here. Then go."], EN, PT, spell)
    assert pair.target == f"S{coded('ee')} 5 × 3 {coded('here')}. T{coded('hen')} {coded('go')}."
    assert spell.given[1:] == ["See 5 × 3 here.", "Then go.", "See X0 here."]


def test_where_a_placeholder_gets_lost_a_sentence_is_cut_at_arrows():
    spell = Spell(lambda sentence: coded(sentence.replace("→", "").replace("X0", "")))
    (pair,) = translate_texts(["Press the key → wait."], EN, PT, spell)
    assert pair.target == f"P{coded('ress the key')} → {coded('wait.')}"


SYMBOLS = [
    "£20",
    "5 × 3 = 15",
    "✅",
    "👍🏽",
    "C#",
    "@maria",
    "#tag",
    "[12]",
    "x²",
    "−5",
    "a→b",
    "in→out",
    "50%",
    "$5",
    "v1.2.3",
]
SYMBOLS += [
    "R&D",
    "🇧🇷",
    "1\ufe0f\u20e3",
    "won&rsquo;t",
    "M&uuml;ller",
    "&copy; me",
    "~5",
    "0xFF",
    "№ 5",
    "*so*",
    "**£5**",
    "[a](b.md)",
    "`x`",
]
PIECES = st.sampled_from([*SYMBOLS, "the", "house", "is", "red.", "Why", "not?", "so,", "\n\n", "- ", "ok!"])
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map(" ".join)
TRANSLATORS = {
    "nothing changed": str,
    "letters": coded,
    "without letters": lambda sentence: "".join(char for char in sentence if not char.isalpha()),
    "without symbols": lambda sentence: "".join(char for char in coded(sentence) if char.isalnum() or char in " .,?!"),
    "without digits": lambda sentence: "".join(char for char in coded(sentence) if not char.isdigit()),
    "every other character": lambda sentence: sentence[::2],
    "first word lost": lambda sentence: coded(sentence).partition(" ")[2],
    "other currency": lambda sentence: coded(sentence).replace("£", "€").replace("×", "-"),
    "the other way round": lambda sentence: " ".join(reversed(coded(sentence).split())),
}


@pytest.mark.parametrize("whole_texts", [False, True])
@pytest.mark.parametrize(
    "characters", [None, frozenset(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?![]-")]
)
@pytest.mark.parametrize("name", TRANSLATORS)
@given(TEXTS)
def test_either_all_symbols_are_there_or_the_text_is_set_aside(name, characters, whole_texts, text):
    spell = Spell(TRANSLATORS[name], whole_texts=whole_texts)
    spell.characters = characters
    (pair,) = translate_texts([text], EN, PT, spell)
    if isinstance(pair, TextPair):
        assert Counter(symbol.key for symbol in symbols(pair.target)) == Counter(symbol.key for symbol in symbols(text))
