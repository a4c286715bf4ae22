import json
import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.text.near_duplicates import Match, NearDuplicates
from sdrrl_data.text.ngrams import plain_words

QUESTION = "How do I keep my bread fresh for a whole week?"  # eleven words, nine 3-grams
NONE = Match(0.0, None)
SCRIPTS = st.characters(exclude_categories=["Cs"])
SIMILAR = [
    ("en", QUESTION, QUESTION, 1),
    ("en", QUESTION, f"  {QUESTION.upper().replace(' ', chr(10))} ", 1),
    ("en", QUESTION, QUESTION.replace("bread", "ｂｒｅａｄ"), 1),  # full width, the same by NFKC
    ("en", QUESTION, QUESTION.replace("week", "month"), 8 / 10),
    ("en", QUESTION, QUESTION.replace("bread", "milk"), 6 / 12),
    ("en", QUESTION, QUESTION.replace("bread", "milk").replace("week", "month"), 5 / 13),
    ("en", QUESTION, f"{QUESTION} Please tell me.", 9 / 12),
    ("en", QUESTION, f"Week? {QUESTION}", 9 / 10),
    ("en", "one two three one two three", "two three one two three", 1),  # each 3-gram counts once
    ("en", "one two three one two three", "three one two three", 2 / 3),
    ("pt", "Amanhã é que não há pão.", unicodedata.normalize("NFD", "Amanhã é que não há pão."), 1),
    ("ja", "私は学生です。", "私は先生です。", 0),
    ("ja", "今日は学校で本を読みます。", "今日は学校で本を読みません。", 5 / 8),
    ("th", "ฉันรักภาษาไทยมากจริงๆ", "ฉันรักภาษาไทยมากจริงๆ", 1),
]


def compared(texts, language="en", **options):
    return NearDuplicates(language, **options).compare([str(number) for number in range(len(texts))], texts)


def only_new(lowest, language="en"):
    """An index with the settings of Magpie: texts may have any length, and nearly all duplicates are found."""
    return NearDuplicates(language, lowest, recall=0.999, min_words=0)


@pytest.mark.parametrize(("language", "earlier", "text", "similarity"), SIMILAR)
def test_similarity(language, earlier, text, similarity):
    expected = Match(similarity, "0") if similarity >= 0.5 else NONE
    if len(plain_words(text, language)) < 5:
        expected = None
    assert compared([earlier, text], language)[1] == expected


@pytest.mark.parametrize(("language", "earlier", "text", "similarity"), SIMILAR)
def test_similarity_decides(language, earlier, text, similarity):
    for lowest, expected in (similarity, "earlier"), (similarity + 0.01, None):
        if 0 < lowest <= 1:
            index = only_new(lowest, language)
            assert index.duplicate_of("earlier", earlier) is None
            assert index.duplicate_of("text", text) == expected


@pytest.mark.parametrize(("text", "judged"), [("Yes.", False), ("", False), ("a b c d", False), ("a b c d e", True)])
def test_short_texts_are_not_judged(text, judged):
    assert compared([text, text]) == ([NONE, Match(1.0, "0")] if judged else [None, None])


@pytest.mark.parametrize(
    ("earlier", "text", "same"),
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
def test_short_texts_may_be_compared_as_a_whole(earlier, text, same):
    index = only_new(0.7)
    index.duplicate_of("earlier", earlier)
    assert index.duplicate_of("text", text) == ("earlier" if same else None)
    assert compared([earlier, text], min_words=0)[1] == (Match(1.0, "0") if same else NONE)


def test_the_first_of_those_most_like_it_is_named():
    week, month, year = QUESTION, QUESTION.replace("week", "month"), QUESTION.replace("week", "year")
    matches = compared([week, month, month, year, "Something else that nobody has asked.", month])
    assert matches == [NONE, Match(0.8, "0"), Match(1.0, "1"), Match(0.8, "0"), NONE, Match(1.0, "1")]


def test_of_texts_that_must_be_new_duplicates_are_not_remembered():
    index = only_new(0.7)
    texts = [QUESTION, QUESTION.replace("week", "month"), QUESTION.replace("How", "when").replace("week", "month")]
    assert [index.duplicate_of(str(number), text) for number, text in enumerate(texts)] == [None, "0", None]
    assert [index.duplicate_of(f"again {number}", text) for number, text in enumerate(texts)] == ["0", "0", "2"]


def test_what_is_only_remembered_is_found():
    index = NearDuplicates("en")
    index.remember(["first"], [QUESTION])
    assert index.compare(["second"], [QUESTION]) == [Match(1.0, "first")]


@given(st.lists(st.text(SCRIPTS, max_size=40)), st.text(SCRIPTS), st.sampled_from([0.01, 0.3, 0.7, 1.0]))
def test_an_exact_copy_is_always_found(others, text, lowest):
    index = only_new(lowest)
    first = index.duplicate_of("first", text) or "first"
    for number, other in enumerate(others):
        index.duplicate_of(str(number), other)
    assert index.duplicate_of("copy", text) == first


@given(st.lists(st.from_regex(r"[A-Za-zÀ-ÖØ-öø-ÿ]+", fullmatch=True), min_size=1), st.data())
def test_case_spacing_and_normal_forms_do_not_matter(tokens, data):
    space = st.text(" \t\n", min_size=1, max_size=3)
    changed = "".join(
        data.draw(st.sampled_from([word, word.upper(), word.lower(), unicodedata.normalize("NFD", word)]))
        + data.draw(space)
        for word in tokens
    )
    index = only_new(1.0)
    index.duplicate_of("first", " ".join(tokens))
    assert index.duplicate_of("changed", changed) == "first"


@pytest.fixture(scope="module")
def instructions(real_texts):
    lines = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["instruction"] for line in lines]


@pytest.mark.parametrize("lowest", [0.2, 0.5, 0.7, 0.9])
def test_with_high_recall_agrees_with_comparing_every_pair(instructions, lowest):
    draw = random.Random(1)
    texts = instructions[:150]
    # Real questions are seldom similar: add copies of some of them without one to six words.
    for text in draw.sample([text for text in texts if len(text.split()) > 6], 60):
        tokens = text.split()
        del tokens[: draw.randint(1, 6)]
        texts.append(" ".join(tokens))
    kept_texts, expected = [], []
    for number, text in enumerate(texts):
        grams = trigrams(text)
        similar = [(len(grams & other) / len(grams | other), earlier) for earlier, other in kept_texts]
        similarity, name = max(similar, key=lambda pair: pair[0], default=(0.0, None))
        expected.append(name if similarity >= lowest else None)
        if expected[-1] is None:
            kept_texts.append((str(number), grams))
    index = only_new(lowest)
    assert [index.duplicate_of(str(number), text) for number, text in enumerate(texts)] == expected
    assert 0 < sum(name is not None for name in expected) < 60


def trigrams(text):
    tokens = plain_words(text, "en")
    return {tuple(tokens[start : start + 3]) for start in range(max(1, len(tokens) - 2))}


@pytest.fixture(scope="module")
def questions(instructions):
    texts = instructions.copy()
    draw = random.Random(1)
    # Real questions are seldom similar: add copies without some words, or with words in another order.
    for text in draw.sample([text for text in texts if len(text.split()) > 6], 400):
        tokens = text.split()
        del tokens[: draw.randint(0, 4)]
        first, second = sorted(draw.sample(range(len(tokens)), 2))
        tokens[first], tokens[second] = tokens[second], tokens[first]
        texts.append(" ".join(tokens))
    return texts


def test_agrees_with_comparing_every_pair(questions):
    """All texts with a similarity of 0.6 are found, and nearly all with 0.5."""
    earlier, expected = [], []
    for text in questions:
        grams = trigrams(text) if len(plain_words(text, "en")) >= 5 else set()
        alike = (other for other in earlier if not grams.isdisjoint(other))
        best = max((len(grams & other) / len(grams | other) for other in alike), default=0.0)
        expected.append(best if best >= 0.5 else 0.0)
        earlier.append(grams)
    similarities = [match.similarity if match else 0.0 for match in compared(questions)]
    different = [(want, got) for want, got in zip(expected, similarities, strict=True) if want != got]
    assert all(want < 0.6 and got < want for want, got in different)
    assert len(different) <= 0.04 * sum(want > 0 for want in expected)
    assert sum(want >= 0.6 for want in expected) > 50


@settings(max_examples=settings().max_examples // 5)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans())))
def test_how_texts_are_divided_into_calls_does_not_matter(questions, calls):
    texts = questions[-100:] + questions[:50] + questions[-100:]
    expected, index = compared(texts), NearDuplicates("en")
    start = 0
    for size, judged in [*calls, (len(texts), True)]:
        end = min(start + size, len(texts))
        names = [str(number) for number in range(start, end)]
        if judged:
            assert index.compare(names, texts[start:end]) == expected[start:end]
        else:
            index.remember(names, texts[start:end])
        start = end


def test_many_that_are_alike_find_each_other():
    """Only the first texts are compared, and these are similar enough."""
    texts = [f"{QUESTION} Tell me about day {number} of it, please." for number in range(300)]
    matches = compared(texts)[1:]
    assert all(match and 0.5 < match.similarity < 1 for match in matches)
    assert compared([*texts, texts[5]])[-1] == Match(1.0, "5")


@pytest.mark.parametrize(
    ("language", "text", "copy"),
    [
        ("ar", "ذهب الولد إلى المدرسة في الصباح الباكر", "ذَهَبَ الوَلَدُ إِلَى المَدْرَسَةِ فِي الصَّبَاحِ البَاكِرِ"),
        ("ar", "كتاب جميل عن البحر والسماء", "كتـــاب جميل عن البحر والسماء"),
        ("he", "הילד הלך אל בית הספר", "הַיֶּלֶד הָלַךְ אֶל בֵּית הַסֵּפֶר"),
        (
            "en",
            "the information about transportation is here",
            "the infor\u00admation about trans\u00adportation is here",
        ),
        (
            "en",
            "the information about transportation is here",
            "\ufeffthe infor\u200bmation about \u2060transportation is here",
        ),
        ("pt", "a informação não está à mão aqui", unicodedata.normalize("NFD", "a informação não está à mão aqui")),
        ("vi", "tiếng Việt là một ngôn ngữ", unicodedata.normalize("NFD", "tiếng Việt là một ngôn ngữ")),
        ("fa", "من می‌خواهم به خانه بروم امروز", "من میخواهم به خانه بروم امروز"),
    ],
)
def test_what_a_reader_does_not_see_makes_no_other_text(language, text, copy):
    near_duplicates = NearDuplicates(language)
    assert near_duplicates.compare(["text", "copy"], [text, copy])[1] == Match(1.0, "text")
