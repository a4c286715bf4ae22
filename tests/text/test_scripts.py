import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find, search
from sdrrl_data.text.scripts import letters, script, scripts


@pytest.mark.parametrize(
    ("name", "chars"),
    [
        ("LATIN", "aßơ"),
        ("CYRILLIC", "яї"),
        ("CJK", "漢𠮷"),
        ("HIRAGANA", "ひ"),
        ("KATAKANA", "カー"),
        ("HANGUL", "한"),
        ("THAI", "ไ"),
        ("KHMER", "ខ"),
        ("OL", "ᱚ"),
        ("ETHIOPIC", "ጀ"),
        (None, "7٣%\u0301😀\ud800ªµ"),
    ],
)
def test_the_script_of_a_letter(name, chars):
    assert [script(char) for char in chars] == [name] * len(chars)


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("en", "Hello, world 123!", (10, 10)),
        ("uk", "Сервер Linux", (11, 6)),
        ("ja", "東京タワーでOK", (8, 6)),
        ("ko", "한국어 漢字", (5, 3)),
        ("th", "ภาษาไทย é", (8, 7)),
        ("sat", "ᱚᱛ অ", (3, 3)),
        ("en", "ᏣᎳᎩ Cherokee", (11, 8)),
        ("en", "12 ٣ %", (0, 0)),
        ("en", "", (0, 0)),
        ("en", "a\ud800b", (2, 2)),
    ],
)
def test_letters_and_those_in_the_languages_script(tag, text, expected):
    counts, own = letters([text], find(tag))
    assert (counts.tolist(), own.tolist()) == ([expected[0]], [expected[1]])


@given(st.lists(st.text()))
def test_texts_are_counted_one_by_one(texts):
    counts, own = letters(texts, find("ja"))
    assert counts.tolist() == [sum(map(str.isalpha, text)) for text in texts]
    assert own.tolist() == [sum(script(char) in {"CJK", "HIRAGANA", "KATAKANA"} for char in text) for text in texts]


def test_every_language_has_a_script():
    assert all(scripts(language) for language in search(""))


@pytest.mark.parametrize("tag", ["en", "fi", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_true_sentences_are_in_their_script(tag, shared_data):
    lines = (shared_data / "flores-dev" / f"{tag}.txt").read_text(encoding="utf-8").splitlines()
    counts, own = letters(lines, find(tag))
    assert own.sum() / counts.sum() > 0.94
    assert ((own / counts) >= 0.4).all()
