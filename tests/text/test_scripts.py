import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find, search
from sdrrl_data.text.scripts import all_scripts, is_letter_of, letters, scripts, with_vowels_joined


@pytest.mark.parametrize(
    ("code", "chars"),
    [
        ("Latn", "aßơª"),
        ("Cyrl", "яї"),
        ("Hani", "漢𠮷々"),
        ("Hira", "ひ"),
        ("Kana", "カｶ"),
        ("Hang", "한"),
        ("Thai", "ไ"),
        ("Khmr", "ខ"),
        ("Olck", "ᱚ"),
        ("Ethi", "ጀ"),
        (None, "7٣%\u0301😀\ud800µᏣ"),
    ],
)
def test_the_script_of_a_letter(code, chars):
    for char in chars:
        assert {known for known in all_scripts() if is_letter_of(char, frozenset({known}))} == {code} - {None}
        assert is_letter_of(char, all_scripts()) == (code is not None)


def test_a_letter_may_be_of_several_scripts():
    assert {known for known in all_scripts() if is_letter_of("ー", frozenset({known}))} == {"Hira", "Kana"}


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
    counts, in_script = letters([text], find(tag))
    assert (counts.tolist(), in_script.tolist()) == ([expected[0]], [expected[1]])


@given(st.lists(st.text()))
def test_texts_are_counted_one_by_one(texts):
    counts, in_script = letters(texts, find("ja"))
    assert counts.tolist() == [sum(map(str.isalpha, text)) for text in texts]
    written_in = frozenset({"Hani", "Hira", "Kana"})
    assert in_script.tolist() == [sum(is_letter_of(char, written_in) for char in text) for text in texts]


def test_every_language_has_a_script():
    assert all(scripts(language) for language in search(""))


@pytest.mark.parametrize("tag", ["en", "fi", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_true_sentences_are_in_their_script(tag, real_texts):
    lines = (real_texts / "flores-dev" / f"{tag}.txt").read_text(encoding="utf-8").splitlines()
    counts, in_script = letters(lines, find(tag))
    assert in_script.sum() / counts.sum() > 0.94
    assert ((in_script / counts) >= 0.4).all()


TRADITIONAL = "這個國家的學生學習漢語，他們認為電腦對發展很重要。"
SIMPLIFIED = "这个国家的学生学习汉语，他们认为电脑对发展很重要。"


@pytest.mark.parametrize(
    ("tag", "text", "share"),
    [
        ("zh", SIMPLIFIED, 1),
        ("zh", TRADITIONAL, 0),
        ("zh-Hant", TRADITIONAL, 1),
        ("zh-Hant", SIMPLIFIED, 0),
        ("yue", TRADITIONAL, 1),
        ("yue", SIMPLIFIED, 0),
        ("zh", "你好", 1),
        ("zh-Hant", "你好", 1),
        ("zh-Hant", "皇后在這裡", 1),
        ("ja", "国と學", 1),
    ],
)
def test_simplified_and_traditional_chinese_are_told_apart(tag, text, share):
    counts, in_script = letters([text, ""], find(tag))
    assert in_script[0] == share * counts[0]


def test_a_text_of_both_kinds_is_in_part_in_the_script():
    counts, in_script = letters([SIMPLIFIED + TRADITIONAL], find("zh"))
    assert 0.4 < in_script[0] / counts[0] < 0.6


@pytest.mark.parametrize(("tag", "other"), [("sr", "Ово је српска реченица."), ("uz", "Bu yangi gap.")])
def test_a_language_in_its_other_alphabet_is_not_in_its_script(tag, other):
    wrong = {"sr": "Ovo je srpska rečenica.", "uz": "Бу янги гап."}[tag]
    counts, in_script = letters([other, wrong], find(tag))
    assert in_script.tolist() == [counts[0], 0]


@pytest.mark.parametrize("written", ["น้ำ", "ทำงานสำคัญ", "ນ້ຳ", "não", ""])
def test_a_vowel_that_normalization_took_apart_is_joined(written):
    assert with_vowels_joined(unicodedata.normalize("NFKC", written)) == written


def test_a_translator_wrote_no_vowel_as_people_do(real_texts):
    people, nllb = (
        (real_texts / "flores-dev" / f"{name}.txt").read_text(encoding="utf-8") for name in ("th", "nllb.th")
    )
    assert people.count("\u0e33") > 800
    assert nllb.count("\u0e33") == 0
    assert with_vowels_joined(nllb).count("\u0e33") > 700
