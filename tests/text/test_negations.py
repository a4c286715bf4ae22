import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.negations import _TABLE, count, has_list


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "He does not know, and never asked.", 2),
        ("en", "DON’T GO, you cannot.", 2),
        ("en", "It is notable. Nora knows another note.", 0),
        ("en", "Song No. 5, no 7", 0),
        ("pt", "Não vi nada sem os óculos.", 3),
        ("pt-BR", "Ninguém veio.", 1),
        ("de", "Ich habe kein Geld und weiß nichts.", 2),
        ("de", "Er kennt keinen Keiler.", 1),
        ("fr", "Je n'ai pas le temps.", 2),
        ("es", "No vino nadie.", 2),
        ("it", "Non c'è niente.", 2),
        ("nl", "Er is geen brood.", 1),
        ("vi", "Tôi không biết.", 1),
        ("id", "Saya tidak tahu.", 1),
        ("th", "ฉันไม่รู้", 1),
        ("ja", "私は知りません。", 1),
        ("zh", "我不知道。", 1),
        ("ko", "나는 가지 않는다.", 1),
        ("fi", "Hän sanoi, ettei tiedä.", 1),
        ("pl", "Nie wiem.", 1),
        ("sl", "Tega ne vem.", 1),
        ("uk", "Я не знаю.", 1),
        ("si", "නැත", 0),
    ],
)
def test_counts_negations(language, text, expected):
    assert count(text, language) == expected


def test_says_for_which_languages_it_has_a_list():
    assert has_list("en")
    assert has_list("zh-Hant")
    assert not has_list("si")


def test_the_lists_have_no_empty_and_no_double_entry():
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        _, entries = line.split("\t")
        assert len(set(entries.split(" "))) == entries.count(" ") + 1
        assert all(entry.strip("-") and entry == entry.casefold() for entry in entries.split(" "))


@given(st.text())
def test_a_text_of_two_lines_has_the_negations_of_both(text):
    assert count(f"{text}\n{text}", "en") == 2 * count(f"{text}\n", "en")
