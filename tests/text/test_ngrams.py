import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.ngrams import hash_ngrams, plain_words, ranges

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
    assert [hashes.tolist() for hashes in hash_ngrams([["a", "b", "a", "b"], ["a", "b"], []], 3)] == [
        [17130472958249276404, 17102728028786820984],
        [],
        [],
    ]


@given(st.lists(WORDS), st.integers(1, 8))
def test_hashes_are_the_same_if_and_only_if_the_words_are(texts, order):
    ngram_of_hash = {}
    for words, hashes in zip(texts, hash_ngrams(texts, order), strict=True):
        assert len(hashes) == max(len(words) - order + 1, 0)
        for start, ngram_hash in enumerate(hashes.tolist()):
            ngram = tuple(words[start : start + order])
            assert ngram_of_hash.setdefault(ngram_hash, ngram) == ngram
            assert hash_ngrams([ngram], order)[0].tolist() == [ngram_hash]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5))))
def test_ranges(pairs):
    starts, counts = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    assert ranges(starts, counts).tolist() == [
        number for start, count in pairs for number in range(start, start + count)
    ]
