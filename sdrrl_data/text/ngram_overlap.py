"""Finds texts that quote items of a list, completely or in part."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.ngrams import Hashes, hash_ngrams, plain_words, ranges

ORDER = 8  # words in an n-gram; shorter texts and shorter items are not compared
COMMON = 10  # items; an n-gram that occurs in more of them is a common phrase
PASSAGE = 50  # words; a text as long as this may occur in many items, once for each question about it

NUMBER = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
_NONE = np.zeros(0, dtype=np.uint64)


class Quote(NamedTuple):
    """The largest share of an item's words that a text quotes, from 0 to 1, and the item's place; or 0.0 and None."""

    share: float
    place: str | None


class Quotes:
    """Finds the item of a list of which a text quotes the largest share.

    A word of an item counts as quoted if it is in an 8-gram that also occurs in the text, after Unicode's NFKC
    normalisation and without case. 8-grams that occur in more than ten items are left out of both sides of the share.

    Memory: 16 bytes for each word of the items, and 200 while the object is built.

    Source: the share of the tokens in shared 8-grams, as in Tülu 3 (Lambert et al. 2024,
    https://arxiv.org/abs/2411.15124, section 3.2); 8-grams also in PaLM (Chowdhery et al. 2022,
    https://arxiv.org/abs/2204.02311, section 8).

    Args:
        language: BCP 47 tag of the texts' language, whose rules break them into words.
        items: the items, each with a place (the name that is reported) and a text.
    """

    def __init__(self, language: str, items: Iterable[tuple[str, str]]) -> None:
        self._language = language
        times: Counter[str] = Counter()
        places: dict[str, str] = {}
        for place, text in items:
            times[text] += 1
            places.setdefault(text, place)
        tokens = {text: words for text in places if len(words := plain_words(text, language)) >= ORDER}
        self._places = [places[text] for text in tokens]
        lengths = np.array([len(words) for words in tokens.values()], dtype=np.int64)
        self._starts = np.cumsum(lengths) - lengths  # of each item, in words
        rows = [1 if len(words) >= PASSAGE else times[text] for text, words in tokens.items()]
        self._hashes, self._words = self._uncommon(hash_ngrams(list(tokens.values()), ORDER), rows)
        counted = np.zeros(lengths.sum() + 1, dtype=np.int64)
        counted[self._words[:, None] + np.arange(ORDER)] = 1
        self._sizes = np.add.reduceat(counted, self._starts) if len(tokens) else lengths

    def best(self, texts: Sequence[str]) -> list[Quote | None]:
        """For each text, the item of which it quotes the largest share; None for a text of fewer than eight words.

        Of several such items, the first one.
        """
        text_ngrams = hash_ngrams([plain_words(text, self._language) for text in texts], ORDER)
        quotes = [Quote(0.0, None) if len(ngrams) else None for ngrams in text_ngrams]
        for text, item, words in self._shared(text_ngrams):
            share = words / int(self._sizes[item])
            quote = quotes[text]
            if quote is not None and share > quote.share:
                quotes[text] = Quote(share, self._places[item])
        return quotes

    def _uncommon(self, items: Sequence[Hashes], rows: Sequence[int]) -> tuple[Hashes, NDArray[np.int64]]:
        """The n-grams of all items without the common ones, sorted by hash; and the number of each one's first word.

        Args:
            items: the n-grams of each item.
            rows: how often each item occurs in the list.
        """
        lengths = [len(ngrams) for ngrams in items]
        hashes = np.concatenate([*items, _NONE])
        words = np.arange(len(hashes)) + np.repeat(np.arange(len(items)) * (ORDER - 1), lengths)
        order = np.argsort(hashes, kind="stable")
        hashes, words = hashes[order], words[order]
        _, ngram = np.unique(hashes, return_inverse=True)
        uncommon = np.bincount(ngram, np.repeat(np.array(rows), lengths)[order])[ngram] <= COMMON
        return hashes[uncommon], words[uncommon]

    def _shared(self, texts: Sequence[Hashes]) -> Iterator[tuple[int, int, int]]:
        """Which texts share n-grams with which items: (text, item, words of the item), sorted."""
        hashes = np.concatenate([*texts, _NONE])
        text = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(ngrams) for ngrams in texts])
        starts = np.searchsorted(self._hashes, hashes)
        counts = np.searchsorted(self._hashes, hashes, side="right") - starts
        begins = self._words[ranges(starts, counts)]
        words = (begins[:, None] + np.arange(ORDER)).ravel().astype(np.uint64)
        pairs = np.unique(np.repeat(text, counts * ORDER) << HALF | words)
        items = np.searchsorted(self._starts, (pairs & NUMBER).astype(np.int64), side="right") - 1
        pairs, sizes = np.unique(pairs & ~NUMBER | items.astype(np.uint64), return_counts=True)
        for pair, size in zip(pairs.tolist(), sizes.tolist(), strict=True):
            yield pair >> 32, pair & 0xFFFFFFFF, size
