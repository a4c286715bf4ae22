import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.words import words

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "It's 3.5 km, isn't it?", "It's 3.5 km isn't it"),
        ("en", "(e.g. well-known)", "e.g well known"),
        ("en", "e\u0301te\u0301 na\u0131\u0308ve", "e\u0301te\u0301 na\u0131\u0308ve"),  # combining marks
        ("pt", "Não há água — só café!", "Não há água só café"),
        ("vi", "Hà Nội là thủ đô của Việt Nam.", "Hà Nội là thủ đô của Việt Nam"),
        ("th", "ฉันรักภาษาไทย", "ฉัน รัก ภาษา ไทย"),
        ("km", "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ។", "ខ្ញុំ ស្រឡាញ់ ភាសាខ្មែរ"),
        ("ja", "私は学生です。", "私 は 学生 です"),
        ("zh", "今天天气很好。", "今天 天气 很好"),
        ("zh-Hant-TW", "我喜歡台灣！", "我 喜歡 台灣"),
        ("ar", "مرحبا بالعالم، كيف الحال؟", "مرحبا بالعالم كيف الحال"),
        ("en", "😀 a 👩‍👩‍👧 b 𝔘𝔫𝔦 c", "a b 𝔘𝔫𝔦 c"),  # characters of two UTF-16 units
        ("en", "🙂!? — …", ""),
        ("en", "", ""),
    ],
)
def test_words(language: str, text: str, expected: str) -> None:
    assert [text[start:end] for start, end in words(text, language)] == expected.split()


@given(UNICODE)
def test_words_are_in_order_and_leave_no_letter_out(text: str) -> None:
    position = 0
    for start, end in words(text, "en"):
        assert position <= start < end
        assert not any(map(str.isalnum, text[position:start]))
        assert any(map(str.isalnum, text[start:end]))
        position = end
    assert not any(map(str.isalnum, text[position:]))


@pytest.mark.parametrize(
    ("language", "per_sentence"),
    [("en", (18, 24)), ("pt", (19, 26)), ("vi", (26, 34)), ("th", (22, 32)), ("ja", (22, 34))],
)
def test_real_sentences_have_a_plausible_number_of_words(real_texts, language, per_sentence) -> None:
    lines = (real_texts / "flores-dev" / f"{language}.txt").read_text("utf-8").splitlines()
    mean = sum(len(words(line, language)) for line in lines) / len(lines)
    assert per_sentence[0] < mean < per_sentence[1]


def test_khmer_sentences_are_parted_into_words(real_texts) -> None:
    for line in (real_texts / "parallel" / "tatoeba.eng-khm.tsv").read_text("utf-8").splitlines():
        khmer = line.split("\t")[1]
        if len(khmer) > 20:
            assert len(words(khmer, "km")) > 2
