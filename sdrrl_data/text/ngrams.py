"""Runs of words as numbers, so that many texts can be compared by what they share."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.words import words

FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of a word is lost; the golden ratio, as is usual

Hashes = NDArray[np.uint64]


def plain_words(text: str, language: str) -> list[str]:
    """The words of a text, in order, as they are after Unicode's NFKC normalisation and without case.

    `language` is a BCP 47 tag, by whose rules the text is broken into words.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return [text[start:end] for start, end in words(text, language)]


def runs(texts: Sequence[Sequence[str]], order: int) -> list[Hashes]:
    """For each text, given as its words, a hash of each run of `order` words, in the order of their first words.

    The hashes are the same in every process. A text of fewer words has none.
    """
    from rensa import RMinHash

    return [_runs(np.array(hashes, dtype=np.uint64), order) for hashes in RMinHash.hash_token_sets(texts)]


def _runs(hashed: Hashes, order: int) -> Hashes:
    """Polynomials over the words' hashes, modulo 2**64."""
    count = max(len(hashed) - order + 1, 0)
    combined = np.zeros(count, dtype=np.uint64)
    for place in range(order):
        combined = combined * FACTOR + hashed[place : place + count]
    return combined


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of all ranges, one range after the other: so many, from each start on."""
    return np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
