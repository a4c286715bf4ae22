"""Near duplicates: for each of many texts, the earlier text that is most similar to it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.ngrams import Hashes, hash_ngrams, plain_words, ranges

ORDER = 3  # words in an n-gram
MIN_WORDS = 5  # "Yes." and "Thank you!" may well occur twice
LOWEST = 0.5  # similarity, from which on two texts count as similar
RECALL = 0.96
SIGNATURE = 200  # values
# If hundreds of texts are similar, only the first ones of a bucket are candidates, so that the work stays linear.
BUCKET = 32  # texts
CANDIDATES = 50  # texts that are compared; those that agree in the most bands come first

NUMBER = np.uint64(0xFFFFFFFF)  # the half of an entry with the number of the text; the other half is a band's hash
HALF = np.uint64(32)

Ngrams = NDArray[np.uint32]  # of one text, sorted, each once


class Match(NamedTuple):
    """The similarity to the most similar earlier text, and its name; 0.0 and None if no text is similar enough."""

    similarity: float
    name: str | None


class NearDuplicates:
    """Remembers texts, and finds for each new text the earlier one that is most similar.

    The similarity of two texts, from 0 to 1, is the Jaccard index of their sets of word 3-grams, after Unicode's NFKC
    normalisation and without case. A text of fewer words is one n-gram. MinHash with locality-sensitive hashing finds
    the candidates, and the exact index decides. The result depends on the order of the texts, but not on how they are
    divided into calls.

    Memory per text: 8 bytes for each band (400 with the defaults), 4 for each word, and about 200 for the name and
    Python's objects.

    The signatures are rensa's. Its `RMinHashLSH` is not used, because it takes more memory and its buckets have no
    limit: 100,000 texts took 4.6 times as much (4.7 against 1.0 KB a text, both at 10,000 texts/s), and 10,000 texts
    from one template 5 times as long, which grows with their square (rensa 0.5.0, AMD EPYC, one core:
    `python -m benchmarks.near_duplicates`).

    Source: Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900.

    Args:
        language: BCP 47 tag of the texts' language, whose rules break them into words.
        lowest: the similarity from which on two texts count as similar, above 0 and up to 1.
        recall: the share that is found of the texts with exactly this similarity, from 0 to 1. With the default, all
            but one in 1,000 are found at a similarity of 0.6.
        min_words: a text with fewer words is not compared.
    """

    def __init__(
        self, language: str, lowest: float = LOWEST, recall: float = RECALL, min_words: int = MIN_WORDS
    ) -> None:
        self._language = language
        self._lowest = lowest
        self._min_words = min_words
        self._slots = _slots(lowest, recall)
        self._names: list[str] = []
        self._ngrams: list[Ngrams] = []
        self._levels: list[Hashes] = []  # sorted entries; each level is at least four times as long as the next

    def remember(self, names: Sequence[str], texts: Sequence[str]) -> None:
        """Keep these texts, so that later texts are compared with them."""
        self._keep(names, *self._sketches(texts))

    def compare(self, names: Sequence[str], texts: Sequence[str]) -> list[Match | None]:
        """Compare each text with all earlier texts, also those in `texts`, and keep it; None if it is too short."""
        first = len(self._names)
        texts_ngrams, entries = self._sketches(texts)
        self._keep(names, texts_ngrams, entries)
        matches = [Match(0.0, None) if len(ngrams) else None for ngrams in texts_ngrams]
        for number, match in self._matches(texts_ngrams, entries, first):
            matches[number - first] = match
        return matches

    def duplicate_of(self, name: str, text: str) -> str | None:
        """The name of the text that this text is a near duplicate of. If there is none, keep this text."""
        texts_ngrams, entries = self._sketches([text])
        for _, match in self._matches(texts_ngrams, entries, len(self._names)):
            return match.name
        self._keep([name], texts_ngrams, entries)
        return None

    def _sketches(self, texts: Sequence[str]) -> tuple[list[Ngrams], Hashes]:
        """The n-grams of each text (no n-grams if it is too short), and an entry for each band of the other texts."""
        texts_hashes = [np.unique(hashes) for hashes in hash_ngrams([self._words(text) for text in texts], ORDER)]
        numbers = np.array(
            [number for number, hashes in enumerate(texts_hashes, len(self._names)) if len(hashes)], dtype=np.uint64
        )
        entries = numbers
        if len(numbers):
            bands = _bands([hashes for hashes in texts_hashes if len(hashes)], self._slots)
            entries = np.sort((bands | numbers[:, None]).ravel())
        # Half of the bits are enough to distinguish the n-grams of two texts. They are sorted, as the hashes are.
        return [np.unique((hashes >> HALF).astype(np.uint32)) for hashes in texts_hashes], entries

    def _words(self, text: str) -> list[str]:
        """The words of a text; no words if it is not to be compared. A text shorter than an n-gram becomes one."""
        tokens = plain_words(text, self._language)
        if len(tokens) < self._min_words:
            return []
        if len(tokens) < ORDER:
            return [" ".join(tokens or text.split()), *[""] * (ORDER - 1)]
        return tokens

    def _keep(self, names: Sequence[str], texts_ngrams: Sequence[Ngrams], entries: Hashes) -> None:
        self._names += names
        self._ngrams += texts_ngrams
        if not len(entries):
            return
        self._levels.append(entries)
        while len(self._levels) > 1 and len(self._levels[-2]) < 4 * len(self._levels[-1]):
            merged = np.concatenate([self._levels.pop(), self._levels.pop()])
            merged.sort(kind="stable")  # merges sorted arrays in linear time
            self._levels.append(merged)

    def _matches(self, texts_ngrams: Sequence[Ngrams], entries: Hashes, first: int) -> Iterator[tuple[int, Match]]:
        """The numbers of the texts with an earlier text that is similar enough, each with its match.

        Args:
            texts_ngrams: of each text.
            entries: of all texts.
            first: the number of the first text.
        """
        for number, candidates in self._candidates(entries):
            match = self._most_similar(texts_ngrams[number - first], candidates)
            if match.similarity >= self._lowest:
                yield number, match

    def _candidates(self, entries: Hashes) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """The numbers of the texts with these entries that may have similar earlier texts, each with their numbers."""
        floors = entries & ~NUMBER
        slots, others = [], []  # places in `entries`, and numbers of the texts that share the band there
        for level in self._levels:
            starts = level.searchsorted(floors)
            counts = np.minimum(level.searchsorted(entries) - starts, BUCKET)
            if counts.any():
                slots.append(np.repeat(np.arange(len(entries), dtype=np.uint64), counts))
                others.append(level[ranges(starts, counts)] & NUMBER)
        if not slots:
            return
        pairs = np.sort(np.concatenate(slots) << HALF | np.concatenate(others))
        slot = pairs >> HALF
        pairs = pairs[np.arange(len(pairs)) - np.searchsorted(slot, slot) < BUCKET]
        text = (entries & NUMBER)[pairs >> HALF]
        pairs, agreeing = np.unique(text << HALF | pairs & NUMBER, return_counts=True)
        texts, starts = np.unique(pairs >> HALF, return_index=True)
        for number, start, end in zip(texts, starts, np.append(starts, len(pairs))[1:], strict=True):
            best = np.sort(np.argsort(-agreeing[start:end], kind="stable")[:CANDIDATES])
            yield int(number), (pairs[start:end][best] & NUMBER).astype(np.int64)

    def _most_similar(self, ngrams: Ngrams, candidates: NDArray[np.int64]) -> Match:
        """The similarity to the most similar candidate, the first of several, and its name."""
        candidate_ngrams = [self._ngrams[number] for number in candidates]
        sizes = np.array(list(map(len, candidate_ngrams)))
        all_ngrams = np.concatenate(candidate_ngrams)
        places = np.minimum(np.searchsorted(ngrams, all_ngrams), len(ngrams) - 1)
        shared = np.add.reduceat((ngrams[places] == all_ngrams).astype(np.int64), np.cumsum(sizes) - sizes)
        similarity = shared / (len(ngrams) + sizes - shared)
        best = int(similarity.argmax())
        return Match(float(similarity[best]), self._names[candidates[best]])


def _slots(lowest: float, recall: float) -> int:
    """How many values of a signature form a band: as many as the recall allows, so that few texts are compared.

    Two texts are compared if all values of any band agree. With 4 values, 96 in 100 pairs with a similarity of 0.5 are
    compared, and one in 200 with a similarity of 0.1, which only costs time.
    """
    slots = SIGNATURE
    while slots > 1 and 1 - (1 - lowest**slots) ** (SIGNATURE // slots) < recall:
        slots -= 1
    return slots


def _bands(texts: Sequence[Hashes], slots: int) -> Hashes:
    """The hash of each band of each text's signature, in the upper half of a number: an array of texts by bands."""
    from rensa import RMinHash

    bands = SIGNATURE // slots
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(texts), offsets, bands * slots, 1)
    values = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(texts), bands, slots)
    hashes = np.arange(bands, dtype=np.uint64) * np.uint64(0x2545F4914F6CDD1D)
    for slot in range(slots):
        hashes = (hashes ^ values[:, :, slot]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> HALF
    return hashes & ~NUMBER
