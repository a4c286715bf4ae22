import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.paragraphs import beginning
from sdrrl_data.text.words import words

FIRST, SECOND, THIRD = "One two three.", "Four five six seven.", "Eight nine."
SEPARATORS = ["\n\n", "\r\n\r\n", "\n \n", "\n\n\n", " \n\t\n"]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize(
    ("most", "kept"), [(9, 3), (10, 3), (8, 2), (7, 2), (6, 1), (3, 1), (2, 0)], ids=lambda value: str(value)
)
def test_whole_paragraphs_are_kept(separator, most, kept):
    text = separator.join([FIRST, SECOND, THIRD])
    assert beginning(text, "en", most) == (separator.join([FIRST, SECOND, THIRD][:kept]) if kept else None)


def test_a_line_that_ends_a_sentence_is_a_paragraph_where_there_are_no_blank_lines():
    assert beginning("\n".join([FIRST, SECOND, THIRD]), "en", 8) == f"{FIRST}\n{SECOND}"
    assert beginning("One two\nthree four.\nFive six\nseven.", "en", 6) == "One two\nthree four."
    assert beginning("One two\nthree four\nfive", "en", 3) is None


def test_lines_are_none_where_there_are_blank_lines():
    assert beginning("One.\nTwo.\nThree four.\n\nFive.", "en", 3) is None


def test_languages_without_spaces():
    assert beginning("今日は暑い。\n\n明日は寒い。", "ja", 4) == "今日は暑い。"
    assert beginning("วันนี้อากาศร้อน\n\nพรุ่งนี้อากาศหนาว", "th", 4) == "วันนี้อากาศร้อน"


@given(
    st.lists(st.sampled_from(["a", "Bc.", "\n", "\n\n", "\r\n", " ", "\t", "。", "ไทย", "\u2028", "\r"])).map("".join),
    st.integers(1, 6),
)
def test_it_is_the_text_or_a_beginning_that_has_few_enough_words(text, most):
    result = beginning(text, "en", most)
    if len(words(text, "en")) <= most:
        assert result == text
    elif result is not None:
        assert text.startswith(result)
        assert 0 < len(words(result, "en")) <= most
        assert text[len(result) :].strip()
        assert text[len(result) :].lstrip(" \t")[0] in "\r\n"
