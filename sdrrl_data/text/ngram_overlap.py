"""Texts that quote items of a list, whole or in part."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.ngrams import Hashes, plain_words, ranges, runs

ORDER = 8  # words in a run; shorter texts and shorter items are not judged
COMMON = 10  # items; a run of words that stands in more of them is a phrase that tells nothing
PASSAGE = 50  # words; a text as long as that may well stand in many items, once for each question about it

NUMBER = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
_NONE = np.zeros(0, dtype=np.uint64)


class Quote(NamedTuple):
    """The largest share of an item's words that a text holds, from 0 to 1, and which item; 0.0 and None for none."""

    share: float
    place: str | None


class Quotes:
    """Finds which item of a list a text quotes most of.

    An item's words count where they stand in a run of eight words that the text holds too, after Unicode's NFKC
    normalisation and without case. Runs that stand in more than ten items are left out of both sides of the share.

    It takes 16 bytes for each word of the items, and 200 while it is made.

    Source: the share of the tokens in shared 8-grams, as in Tülu 3 (Lambert et al. 2024,
    https://arxiv.org/abs/2411.15124, section 3.2); 8-grams also in PaLM (Chowdhery et al. 2022,
    https://arxiv.org/abs/2204.02311, section 8).

    Args:
        language: BCP 47 tag of the texts' language, by whose rules they are broken into words.
        items: what is looked for: places and texts.
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
        self._hashes, self._words = self._telling(runs(list(tokens.values()), ORDER), rows)
        counted = np.zeros(lengths.sum() + 1, dtype=np.int64)
        counted[self._words[:, None] + np.arange(ORDER)] = 1
        self._sizes = np.add.reduceat(counted, self._starts) if len(tokens) else lengths

    def best(self, texts: Sequence[str]) -> list[Quote | None]:
        """For each text the item that it quotes most of, the first of several; None for one of under eight words."""
        hashed = runs([plain_words(text, self._language) for text in texts], ORDER)
        quotes = [Quote(0.0, None) if len(ngrams) else None for ngrams in hashed]
        for text, item, words in self._shared(hashed):
            share = words / int(self._sizes[item])
            quote = quotes[text]
            if quote is not None and share > quote.share:
                quotes[text] = Quote(share, self._places[item])
        return quotes

    def _telling(self, items: Sequence[Hashes], rows: Sequence[int]) -> tuple[Hashes, NDArray[np.int64]]:
        """The runs of all items, but for common ones, in the order of their hashes; and the word where each begins.

        Args:
            items: the runs of each item.
            rows: how often each item stands in the list.
        """
        lengths = [len(ngrams) for ngrams in items]
        hashes = np.concatenate([*items, _NONE])
        words = np.arange(len(hashes)) + np.repeat(np.arange(len(items)) * (ORDER - 1), lengths)
        order = np.argsort(hashes, kind="stable")
        hashes, words = hashes[order], words[order]
        _, run = np.unique(hashes, return_inverse=True)
        telling = np.bincount(run, np.repeat(np.array(rows), lengths)[order])[run] <= COMMON
        return hashes[telling], words[telling]

    def _shared(self, texts: Sequence[Hashes]) -> Iterator[tuple[int, int, int]]:
        """Which texts share runs with which items: (text, item, words of the item), in this order."""
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
