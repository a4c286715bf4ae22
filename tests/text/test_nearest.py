import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.text.nearest import Match, Nearest
from sdrrl_data.text.ngrams import plain_words

QUESTION = "How do I keep my bread fresh for a whole week?"  # eleven words, nine runs of three
NONE = Match(0.0, None)


def compared(texts, language="en"):
    return Nearest(language).compare([str(number) for number in range(len(texts))], texts)


@pytest.mark.parametrize(
    ("language", "one", "other", "similarity"),
    [
        ("en", QUESTION, QUESTION, 1),
        ("en", QUESTION, f"  {QUESTION.upper().replace(' ', chr(10))} ", 1),
        ("en", QUESTION, QUESTION.replace("bread", "ｂｒｅａｄ"), 1),  # full width, the same by NFKC
        ("en", QUESTION, QUESTION.replace("week", "month"), 8 / 10),
        ("en", QUESTION, QUESTION.replace("bread", "milk"), 6 / 12),
        ("en", QUESTION, QUESTION.replace("bread", "milk").replace("week", "month"), 0),  # 5 / 13
        ("en", "one two three one two three", "two three one two three", 1),  # runs count once
        ("ja", "今日は学校で本を読みます。", "今日は学校で本を読みません。", 5 / 8),
        ("th", "ฉันรักภาษาไทยมากจริงๆ", "ฉันรักภาษาไทยมากจริงๆ", 1),
    ],
)
def test_similarity(language, one, other, similarity):
    assert compared([one, other], language)[1] == (Match(similarity, "0") if similarity else NONE)


@pytest.mark.parametrize(("text", "judged"), [("Yes.", False), ("", False), ("a b c d", False), ("a b c d e", True)])
def test_short_texts_are_not_judged(text, judged):
    assert compared([text, text]) == ([NONE, Match(1.0, "0")] if judged else [None, None])


def test_the_first_of_those_most_like_it_is_named():
    week, month, year = QUESTION, QUESTION.replace("week", "month"), QUESTION.replace("week", "year")
    found = compared([week, month, month, year, "Something else that nobody has asked.", month])
    assert found == [NONE, Match(0.8, "0"), Match(1.0, "1"), Match(0.8, "0"), NONE, Match(1.0, "1")]


def test_what_is_only_remembered_is_found():
    nearest = Nearest("en")
    nearest.remember(["first"], [QUESTION])
    assert nearest.compare(["second"], [QUESTION]) == [Match(1.0, "first")]


@pytest.fixture(scope="module")
def questions(shared_data):
    lines = (shared_data / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["instruction"] for line in lines]
    draw = random.Random(1)
    # Real questions are seldom alike: copies of some of them lack words, or have them in another order.
    for text in draw.sample([text for text in texts if len(text.split()) > 6], 400):
        tokens = text.split()
        del tokens[: draw.randint(0, 4)]
        first, second = sorted(draw.sample(range(len(tokens)), 2))
        tokens[first], tokens[second] = tokens[second], tokens[first]
        texts.append(" ".join(tokens))
    return texts


def test_agrees_with_comparing_every_pair(questions):
    """All that are as like as 0.6 are found, and nearly all that are as like as 0.5."""
    earlier, expected = [], []
    for text in questions:
        words = plain_words(text, "en")
        own = set(zip(words, words[1:], words[2:], strict=False)) if len(words) >= 5 else set()
        alike = (other for other in earlier if not own.isdisjoint(other))
        best = max((len(own & other) / len(own | other) for other in alike), default=0.0)
        expected.append(best if best >= 0.5 else 0.0)
        earlier.append(own)
    found = [match.similarity if match else 0.0 for match in compared(questions)]
    different = [(want, got) for want, got in zip(expected, found, strict=True) if want != got]
    assert all(want < 0.6 and got < want for want, got in different)
    assert len(different) <= 0.04 * sum(want > 0 for want in expected)
    assert sum(want >= 0.6 for want in expected) > 50


@settings(max_examples=settings().max_examples // 5)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans())))
def test_how_texts_are_divided_into_calls_does_not_matter(questions, calls):
    texts = questions[-100:] + questions[:50] + questions[-100:]
    expected, nearest = compared(texts), Nearest("en")
    start = 0
    for size, judged in [*calls, (len(texts), True)]:
        end = min(start + size, len(texts))
        names = [str(number) for number in range(start, end)]
        if judged:
            assert nearest.compare(names, texts[start:end]) == expected[start:end]
        else:
            nearest.remember(names, texts[start:end])
        start = end


def test_many_that_are_alike_find_each_other():
    """Only the first ones are looked at, and those are alike enough."""
    texts = [f"{QUESTION} Tell me about day {number} of it, please." for number in range(300)]
    found = compared(texts)[1:]
    assert all(match and 0.5 < match.similarity < 1 for match in found)
    assert compared([*texts, texts[5]])[-1] == Match(1.0, "5")
