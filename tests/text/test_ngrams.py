import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.ngrams import plain_words, ranges, runs

WORDS = st.lists(st.text(min_size=1, max_size=5), max_size=12)


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "The ＢＬＵＥ ﬁsh, 3½ STRASSE — Straße!", "the blue fish 31⁄2 strasse strasse"),
        ("en", "Cafe\u0301 CAFÉ", "café café"),
        ("ja", "私は学生です。", "私 は 学生 です"),
        ("th", "ฉันรักภาษาไทย", "ฉัน รัก ภาษา ไทย"),
        ("en", "?! …", ""),
    ],
)
def test_words_without_case_and_forms(language, text, words):
    assert plain_words(text, language) == words.split()


def test_hashes_are_the_same_in_every_process():
    assert [own.tolist() for own in runs([["a", "b", "a", "b"], ["a", "b"], []], 3)] == [
        [17130472958249276404, 17102728028786820984],
        [],
        [],
    ]


@given(st.lists(WORDS), st.integers(1, 8))
def test_runs_are_the_same_where_their_words_are(texts, order):
    known = {}
    for words, hashes in zip(texts, runs(texts, order), strict=True):
        assert len(hashes) == max(len(words) - order + 1, 0)
        for start, found in enumerate(hashes.tolist()):
            run = tuple(words[start : start + order])
            assert known.setdefault(found, run) == run
            assert runs([run], order)[0].tolist() == [found]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5))))
def test_ranges(pairs):
    starts, counts = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    assert ranges(starts, counts).tolist() == [
        number for start, count in pairs for number in range(start, start + count)
    ]
