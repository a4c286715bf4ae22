import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring.overlap import copied_share
from sdrrl_data.text.tokens import tokens


def copied(source, target, tag="pt"):
    return copied_share(tokens(source, find("en")), tokens(target, find(tag)))


def test_is_the_share_of_words_in_runs_of_three():
    source = "we keep the old boat in the shed"
    assert copied(source, source) == 1
    assert copied(source, "nós guardamos o barco the old boat in the") == 5 / 9
    assert copied(source, "nós guardamos the old barco in the galpão hoje") == 0


def test_names_and_numbers_are_no_copies():
    source = "In 1999 Ana Maria Braga and Tom Hanks met Jorge Amado in Rio; 12 34 56 78."
    assert copied(source, "Em 1999 Ana Maria Braga e Tom Hanks viram Jorge Amado no Rio; 12 34 56 78.") == 0
    assert copied(source, source) == 3 / 17


def test_few_words_are_not_judged():
    assert copied("what a nice day", "what a nice day") is None
    assert copied("what a nice day", "") is None


def test_words_without_spaces_or_capitals_are_judged():
    text = "東京で昨日とても大きな雨が降りました"
    assert copied(f"They said {text} there", text, "ja") == 1
    assert copied("It rained very hard in the city of Tokyo yesterday", text, "ja") == 0


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_true_translations_copy_nothing(tag, flores):
    values = [copied(source, target, tag) for source, target in flores("en", tag, sample=300)]
    assert sum(value is not None for value in values) > 280
    assert sum((value or 0) > 0.3 for value in values) <= 1


words = st.lists(st.sampled_from(["a", "b", "c", "d", "E", "F", "1"]))


@given(words, words)
def test_is_a_share(source, target):
    value = copied_share(source, target)
    assert value is None or 0 <= value <= 1
