"""Word n-grams as numbers, so that many texts can be compared by the n-grams that they share."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.words import words

FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of a word is lost; from the golden ratio, as is usual

Hashes = NDArray[np.uint64]


# What a reader does not see or may leave out: soft hyphens, characters without width, marks of direction; the vowel
# signs of Arabic, its tatweel, and the points and accents of Hebrew.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0591-\u05bd\u05bf-\u05c7]+"
)


def plain_words(text: str, language: str) -> list[str]:
    """The words of a text, in order, after Unicode's NFKC normalisation and case folding.

    Characters without width and the vowel signs of Arabic and Hebrew are left out. The text is broken into words by the
    rules of `language`, a BCP 47 tag.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    return [text[start:end] for start, end in words(text, language)]


def hash_ngrams(texts: Sequence[Sequence[str]], order: int) -> list[Hashes]:
    """For each text, given as its words, the hash of each n-gram of `order` words, in the order of the text.

    The hashes are the same in every process. For a text with fewer words, there are none.
    """
    from rensa import RMinHash

    return [_hash_ngrams(np.array(hashes, dtype=np.uint64), order) for hashes in RMinHash.hash_token_sets(texts)]


def _hash_ngrams(word_hashes: Hashes, order: int) -> Hashes:
    """Polynomials over the words' hashes, modulo 2**64."""
    count = max(len(word_hashes) - order + 1, 0)
    ngram_hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(order):
        ngram_hashes = ngram_hashes * FACTOR + word_hashes[offset : offset + count]
    return ngram_hashes


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers in all ranges, one range after another. Each range has a start and a count of numbers."""
    return np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
