import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.text.tokens import tokens
from sdrrl_data.text.words import words


def by_icu(text, tag):
    return [text[start:end] for start, end in words(text, tag)]


@pytest.mark.parametrize("tag", ["en", "fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_are_the_words_that_icu_finds(tag, flores):
    texts = [text for (text,) in flores(tag)]
    assert sum(tokens(text, find(tag)) == by_icu(text, tag) for text in texts) > 0.985 * len(texts)


@pytest.mark.parametrize(
    "text", ["Don’t pay 1,000.5 now.", "_ a_b __ c", "l'eau, e.g. U.S.A.", "यह हो गया।", "re\u0301sume\u0301", "", "—"]
)
def test_in_detail(text):
    assert tokens(text, find("en")) == by_icu(text, "en")


@given(st.text())
def test_each_stands_in_the_text(text):
    position = 0
    for token in tokens(text, find("en")):
        position = text.index(token, position) + len(token)
        assert any(map(str.isalnum, token))
