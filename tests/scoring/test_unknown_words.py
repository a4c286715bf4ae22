import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.unknown_words import UnknownWordsConfig, UnknownWordsScorer
from sdrrl_data.text.word_lists import LANGUAGES
from tests.scoring.meaning_faults import FAULTS, real_pairs
from tests.scoring.planted import planted, whole


@pytest.fixture(scope="module")
def unknown(text_pair, score):
    pytest.importorskip("wordfreq")
    pytest.importorskip("simplemma")
    scorers = {}

    def count(tag, *sentences, column="unknown_words"):
        scorer = scorers.setdefault(tag, UnknownWordsScorer(find("en"), find(tag)))
        return score(scorer, [text_pair(*sentences)])[column][0]

    return count


@pytest.mark.parametrize(
    ("tag", "source", "target", "words"),
    [
        ("pt", "The wheelers use spears.", "Os araulenhos usam lanças.", 1),  # a small translator really wrote it
        ("pt", "The wheelers use spears.", "Araulenhos usam lanças.", 1),  # the first word, too
        ("pt", "They delivered the luminous bird.", "Eles entregaram o luminário corfranco.", 2),
        ("pt", "He will differ.", "Ele diferirá amanhã.", 0),  # a form that few write
        ("pt", "Ask Kowalski about Kubernetes.", "Pergunte a Kowalski sobre Kubernetes.", 0),
        ("pt", "Ask the people of Fukuoka.", "Pergunte ao povo de Fucuoca.", 0),  # a name may be in no list
        ("pt", "Neutrons and frobnicators", "Nêutrons e um frobnicator", 0),  # a word of the source
        ("vi", "He wrote a book.", "Anh ấy đã viếắt một cuốn sách.", 1),
        ("vi", "He wrote a book.", "Anh ấy đã viết một cuốn sách.", 0),
        ("fr", "the water of the egg", "l'eau de l’œuf d'aujourd'hui", 0),
        ("fr", "the water", "l'eaurage", 1),
        ("de", "the house", "das Haus, das Hausgesumpfe", 1),  # a noun has a capital
        ("ru", "the town", "этот городощик", 1),
        ("pt", "It does nothing.", "Não faz nada.", 0),
        ("pt", "Grow greens and rule yourself.", "Cultive microverdes e autogovernança.", 0),  # listed words, prefixed
        ("pt", "It renews itself.", "É autorrenovável e ultrassensível.", 0),
        ("pt", "across departments", "exposição interpartimental", 1),
    ],
)
def test_counts_words_that_no_list_has(unknown, tag, source, target, words):
    assert unknown(tag, (source, target)) == words


@pytest.mark.parametrize(
    ("tag", "source", "target", "words"),
    [
        ("pt", "Garnish: let them soak and garnish.", "Garnish: deixe-os soak e garnish.", 2),  # each word once
        ("pt", "Soak: let them soak.", "Soak: deixe-os de molho.", 1),  # in a label
        ("pt", "Soak in Boston with Walter Drain.", "Soak em Boston com Walter Drain.", 1),  # the first word, no name
        ("pt", "Soak said so. They know Soak.", "Soak disse isso. Eles conhecem Soak.", 0),  # a name
        ("pt", '"Soak" is a song.', '"Soak" é uma canção.', 0),  # a title
        ("pt", "Hanging Lake is far.", "Hanging Lake fica longe.", 0),  # a name of several words
        ("pt", "(Soak it well)", "(Soak bem)", 1),
        ("pt", "Hotel or soap?", "Hotel ou sabão?", 0),
        ("pt", "Open a browser, the software runs online.", "Abra um browser, o software roda online.", 0),  # loanwords
        ("pt", "Guard your privacy in a browser.", "Use o Epic Privacy Browser.", 0),  # a name has several words
        ("pt", "Put an anchor there.", "Primeiro ponto (Anchor)", 1),
        ("pt", "Privacy matters, and privacy lasts.", "Privacy Importa", 1),  # the first capital says nothing
        ("pt", "It is normal and legal, a hotel.", "É normal e legal, um hotel.", 0),  # words of both
        ("pt", "It is the species brevirostris.", "É a espécie brevirostris.", 0),  # of neither language
        ("vi", "Let them soak.", "Hãy để chúng soak.", 1),
        ("de", "Let them soak in the park.", "Lass sie im Park soak.", 1),
        ("th", "Let them soak.", "soak", None),
    ],
)
def test_counts_words_of_the_source_that_stay(unknown, tag, source, target, words):
    assert unknown(tag, (source, target), column="untranslated_words") == words


def test_the_same_letters_count_as_one_word_however_they_are_encoded(unknown):
    import unicodedata

    assert unknown("pt", ("no", unicodedata.normalize("NFD", "não é água"))) == 0


def test_code_is_no_word(unknown):
    assert unknown("pt", ("Run `xyzzyq` now.", "Execute `xyzzyq` agora.")) == 0


@pytest.mark.parametrize("tag", ["fi", "sv", "ja", "th", "ko", "yo"])
def test_a_language_whose_lists_lack_many_words_is_not_judged(unknown, tag):
    assert unknown(tag, ("He wrote a book.", "Zzxqy zzxqy.")) is None


def test_a_text_without_words_is_not_judged(unknown):
    assert unknown("pt") is None


# Sentences of FLORES-200 that people translated; the languages of which it is here.
@pytest.mark.parametrize("tag", ["pt", "vi", "pl"])
def test_people_leave_few_words_untranslated(unknown, flores, tag):
    rows = flores("en", tag)
    assert sum(unknown(tag, row, column="untranslated_words") > 0 for row in rows) <= 0.02 * len(rows)


@pytest.mark.parametrize(("tag", "share"), [("pt", 0.01), ("vi", 0.015), ("pl", 0.025)])
def test_what_people_wrote_has_few_unknown_words(unknown, flores, tag, share):
    rows = flores("en", tag)
    assert sum(unknown(tag, row) > 0 for row in rows) <= share * len(rows)


@pytest.mark.parametrize("tag", ["pt", "vi"])
def test_invented_words_are_found_at_little_cost(unknown, real_texts, score, tag):
    good = real_pairs(real_texts, tag, 300)
    scorer = UnknownWordsScorer(find("en"), find(tag))
    lost, found = (
        sum(count > 0 for count in score(scorer, pairs)["unknown_words"]) / len(pairs)
        for pairs in (planted(good, whole), planted(good, FAULTS["no such word"]))
    )
    assert lost <= 0.03
    assert found >= 0.8


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_counted(source, target):
    pytest.importorskip("wordfreq")
    pair = TextPair(source, target, [Unit(0, len(source), 0, len(target))])
    for tag in ("pt", "de", "th"):
        counts = UnknownWordsScorer(find("en"), find(tag)).score([pair, pair], lambda _: None)["unknown_words"]
        assert counts[0] == counts[1]
        assert (counts[0] is None) == (tag not in LANGUAGES)
        assert UnknownWordsScorer(find("en"), find("pt")).score(
            [TextPair(target, target, [Unit(0, len(target), 0, len(target))])], lambda _: None
        )["unknown_words"].to_list() == [0]


def test_the_packages_of_the_lists_are_named(monkeypatch):
    pytest.importorskip("wordfreq")
    assert [found.name for found in UnknownWordsConfig().identify()] == ["wordfreq", "simplemma"]
    really = importlib.util.find_spec
    monkeypatch.setattr(
        "sdrrl_data.text.word_lists.find_spec", lambda name: None if name == "wordfreq" else really(name)
    )
    with pytest.raises(NotInstalled, match=r"needs wordfreq: pip install 'sdrrl-data\[words\]'"):
        UnknownWordsConfig().identify()
