import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.near_duplicates import NearCopies
from sdrrl_data.text.words import words

QUESTION = "How do I keep my bread fresh for a whole week?"  # eleven words, nine runs of three
SCRIPTS = st.characters(exclude_categories=["Cs"])


@pytest.mark.parametrize(
    ("language", "one", "other", "similarity"),
    [
        ("en", QUESTION, QUESTION.replace("week", "month"), 8 / 10),
        ("en", QUESTION, QUESTION.replace("bread", "milk"), 6 / 12),
        ("en", QUESTION, f"{QUESTION} Please tell me.", 9 / 12),
        ("en", QUESTION, f"Week? {QUESTION}", 9 / 10),
        ("en", "one two three one two three", "three one two three", 2 / 3),  # runs count once
        ("ja", "私は学生です。", "私は先生です。", 0),
        ("ja", "今日は学校で本を読みます。", "今日は学校で本を読みません。", 5 / 8),
    ],
)
def test_similarity_decides(language, one, other, similarity):
    for threshold, expected in (similarity, "one"), (similarity + 0.01, None):
        if threshold:
            copies = NearCopies(threshold, language)
            assert copies.copy_of("one", one) is None
            assert copies.copy_of("other", other) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Thank you!", "thank  YOU", True),
        ("Thank you!", "Thank her!", False),
        ("Why?", "Why not?", False),
        ("Why?", "Why not go?", False),
        ("???", "???", True),
        ("???", "!", False),
        ("", " \n", True),
    ],
)
def test_short_texts_are_compared_as_a_whole(one, other, same):
    copies = NearCopies(0.7, "en")
    copies.copy_of("one", one)
    assert copies.copy_of("other", other) == ("one" if same else None)


def test_the_first_is_named_and_copies_are_not_remembered():
    copies = NearCopies(0.7, "en")
    texts = [QUESTION, QUESTION.replace("week", "month"), QUESTION.replace("How", "when").replace("week", "month")]
    assert [copies.copy_of(str(number), text) for number, text in enumerate(texts)] == [None, "0", None]
    assert [copies.copy_of(f"again {number}", text) for number, text in enumerate(texts)] == ["0", "0", "2"]


@given(st.lists(st.text(SCRIPTS, max_size=40)), st.text(SCRIPTS), st.sampled_from([0.01, 0.3, 0.7, 1.0]))
def test_an_exact_copy_is_always_found(others, text, threshold):
    copies = NearCopies(threshold, "en")
    first = copies.copy_of("first", text) or "first"
    for number, other in enumerate(others):
        copies.copy_of(str(number), other)
    assert copies.copy_of("copy", text) == first


@given(st.lists(st.from_regex(r"[A-Za-zÀ-ÖØ-öø-ÿ]+", fullmatch=True), min_size=1), st.data())
def test_case_and_spacing_do_not_matter(tokens, data):
    space = st.text(" \t\n", min_size=1, max_size=3)
    changed = "".join(
        data.draw(st.sampled_from([word, word.upper(), word.lower()])) + data.draw(space) for word in tokens
    )
    copies = NearCopies(1.0, "en")
    copies.copy_of("first", " ".join(tokens))
    assert copies.copy_of("changed", changed) == "first"


@pytest.fixture(scope="module")
def questions(shared_data):
    lines = (shared_data / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["instruction"] for line in lines]


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.7, 0.9])
def test_agrees_with_comparing_every_pair(questions, threshold):
    draw = random.Random(1)
    texts = questions[:150]
    # Real questions are seldom alike: copies of some of them lack one to six words.
    for text in draw.sample([text for text in texts if len(text.split()) > 6], 60):
        tokens = text.split()
        del tokens[: draw.randint(1, 6)]
        texts.append(" ".join(tokens))
    kept, expected = [], []
    for number, text in enumerate(texts):
        own = trigrams(text)
        similar = (earlier for earlier, other in kept if len(own & other) / len(own | other) >= threshold)
        expected.append(next(similar, None))
        if expected[-1] is None:
            kept.append((str(number), own))
    copies = NearCopies(threshold, "en")
    assert [copies.copy_of(str(number), text) for number, text in enumerate(texts)] == expected
    assert 0 < sum(found is not None for found in expected) < 60


def trigrams(text):
    tokens = [text[start:end].casefold() for start, end in words(text, "en")]
    return {tuple(tokens[start : start + 3]) for start in range(max(1, len(tokens) - 2))}
