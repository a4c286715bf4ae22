import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring.heuristics import Heuristics
from sdrrl_data.scoring.length import MIN_SENTENCES, Expectation, LengthConfig, against_usual

EN = find("en")
SOURCE = "Nobody knew when the last train would leave the old station."
TARGET = "Ninguém sabia quando o último comboio ia partir da estação antiga."


def learned(pairs, tag="pt"):
    return Expectation.learn(pairs, EN, find(tag))


@pytest.fixture
def length(score):
    def run(pairs, expectation):
        return score(Heuristics([LengthConfig()], EN, find("pt"), [expectation]), pairs)

    return run


def test_is_the_length_that_is_usual_for_the_source(length, text_pair):
    columns = length([text_pair((SOURCE, TARGET))], Expectation(characters=2.0, words=0.5))
    assert columns == {"length": [len(TARGET) / (2 * len(SOURCE))], "length_words": [11 / (0.5 * 11)]}


def test_the_usual_is_the_median_of_sentences_in_characters_and_words(text_pair):
    sentences = [(SOURCE, "uma palavra " * number) for number in range(1, 2 * MIN_SENTENCES)]
    expectation = learned([text_pair(*sentences)])
    assert expectation.characters == pytest.approx(len("uma palavra ") * MIN_SENTENCES / len(SOURCE))
    assert expectation.words == 2 * MIN_SENTENCES / 11


def test_markup_does_not_count(length, text_pair):
    plain, marked = text_pair((SOURCE, TARGET)), text_pair((f"{SOURCE} `code()`", f"{TARGET} `code()`"))
    plain_length, marked_length = length([plain, marked], Expectation(1.0, 1.0))["length"]
    assert plain_length == pytest.approx(marked_length, rel=0.02)


def test_a_short_source_is_not_judged(length, text_pair):
    pairs = [text_pair(("Yes, that is so.", TARGET)), text_pair()]
    assert length(pairs, Expectation(1.0, 1.0)) == {"length": [None, None], "length_words": [None, None]}


def test_from_few_sentences_nothing_is_learned(length, text_pair):
    few = learned([text_pair(*[(SOURCE, TARGET)] * (MIN_SENTENCES - 1))])
    assert few == (None, None)
    assert length([text_pair((SOURCE, TARGET))], few) == {"length": [None], "length_words": [None]}


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_one_threshold_serves_all_languages(tag, flores, text_pair):
    rows = flores("en", tag)
    good = [text_pair(row) for row in rows]
    broken = [text_pair((source, target[:10])) for source, target in rows[:100]]
    usual = learned(good + broken, tag).characters
    wholes = [against_usual(len(source), len(target), usual) for source, target in rows]
    halves = [against_usual(len(source), len(target) // 2, usual) for source, target in rows]
    assert sum(0.65 <= value <= 1.7 for value in wholes) > 0.98 * len(rows)
    assert sum(value < 0.65 for value in halves) > 0.9 * len(rows)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0.1, 10))
def test_as_usual_is_one(source, target, usual):
    assert against_usual(source, target, usual) * usual * source == pytest.approx(target)
