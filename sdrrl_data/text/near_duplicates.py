"""Near duplicates: for each of many texts, the earlier one that is most like it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.ngrams import Hashes, plain_words, ranges, runs

ORDER = 3  # words in a run
MIN_WORDS = 5  # "Yes." and "Thank you!" say nothing by being there twice
LOWEST = 0.5  # similarity; what is less alike counts as not alike
RECALL = 0.96
SIGNATURE = 200  # values
# Where hundreds of texts are alike, only the first ones of a bucket are looked at, so that the work stays linear.
BUCKET = 32  # texts
CANDIDATES = 50  # texts that are compared, those first that agree in most bands

NUMBER = np.uint64(0xFFFFFFFF)  # the half of an entry that says which text it is; the other half is a band's hash
HALF = np.uint64(32)

Runs = NDArray[np.uint32]  # of one text, sorted, each once


class Match(NamedTuple):
    """How like a text is to the earlier one that is most like it; 0.0 and None where none is alike enough."""

    similarity: float
    name: str | None


class NearDuplicates:
    """Remembers texts, and finds for each new one the earlier text that is most like it.

    Two texts are as similar as the Jaccard index of their sets of word 3-grams, after Unicode's NFKC normalisation and
    without case: from 0 to 1. A text of fewer words is compared as a whole. MinHash with locality-sensitive hashing
    finds the candidates, and the exact index decides. The result depends on the order of the texts, but not on how they
    are divided into calls.

    It takes 8 bytes a text for each band (400 with the defaults), 4 for each of its words, and about 200 for its name
    and what holds it all together.

    The signatures are rensa's. Its `RMinHashLSH` is not used, because it takes more memory and its buckets have no
    limit: 100,000 texts took 4.6 times as much (4.7 against 1.0 KB a text, both at 10,000 texts/s), and 10,000 texts
    from one template 5 times as long, which grows with their square (rensa 0.5.0, AMD EPYC, one core:
    `python -m benchmarks.near_duplicates`).

    Source: Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900.

    Args:
        language: BCP 47 tag of the texts' language, by whose rules they are broken into words.
        lowest: the similarity from which on two texts are alike, above 0 and up to 1.
        recall: how many are found of those that are just alike enough, from 0 to 1; with the default, of those with a
            similarity of 0.6 all but one in 1,000.
        min_words: a shorter text is not compared.
    """

    def __init__(
        self, language: str, lowest: float = LOWEST, recall: float = RECALL, min_words: int = MIN_WORDS
    ) -> None:
        self._language = language
        self._lowest = lowest
        self._min_words = min_words
        self._slots = _slots(lowest, recall)
        self._names: list[str] = []
        self._runs: list[Runs] = []
        self._levels: list[Hashes] = []  # entries, sorted; each level at least four times as long as the next

    def remember(self, names: Sequence[str], texts: Sequence[str]) -> None:
        """Keep these texts for later ones to be compared with."""
        self._keep(names, *self._sketches(texts))

    def compare(self, names: Sequence[str], texts: Sequence[str]) -> list[Match | None]:
        """Compare each text with all earlier ones, these included, and keep it; None for one that is too short."""
        first = len(self._names)
        texts_runs, entries = self._sketches(texts)
        self._keep(names, texts_runs, entries)
        matches = [Match(0.0, None) if len(text_runs) else None for text_runs in texts_runs]
        for number, match in self._matches(texts_runs, entries, first):
            matches[number - first] = match
        return matches

    def duplicate_of(self, name: str, text: str) -> str | None:
        """The name of the text that this one is a near duplicate of; without one, None, and this text is kept."""
        text_runs, entries = self._sketches([text])
        for _, match in self._matches(text_runs, entries, len(self._names)):
            return match.name
        self._keep([name], text_runs, entries)
        return None

    def _sketches(self, texts: Sequence[str]) -> tuple[list[Runs], Hashes]:
        """The runs of each text, none of one that is too short; and an entry for each band of each of the others."""
        hashed = [np.unique(text_runs) for text_runs in runs([self._words(text) for text in texts], ORDER)]
        numbers = np.array(
            [number for number, text_runs in enumerate(hashed, len(self._names)) if len(text_runs)], dtype=np.uint64
        )
        entries = numbers
        if len(numbers):
            bands = _bands([text_runs for text_runs in hashed if len(text_runs)], self._slots)
            entries = np.sort((bands | numbers[:, None]).ravel())
        # Half of the bits tell apart the runs of two texts well enough. Sorted, as the whole hashes are.
        return [np.unique((text_runs >> HALF).astype(np.uint32)) for text_runs in hashed], entries

    def _words(self, text: str) -> list[str]:
        """The words of a text; of one that is shorter than a run, the whole as one run; none of one not to compare."""
        tokens = plain_words(text, self._language)
        if len(tokens) < self._min_words:
            return []
        if len(tokens) < ORDER:
            return [" ".join(tokens or text.split()), *[""] * (ORDER - 1)]
        return tokens

    def _keep(self, names: Sequence[str], texts_runs: Sequence[Runs], entries: Hashes) -> None:
        self._names += names
        self._runs += texts_runs
        if not len(entries):
            return
        self._levels.append(entries)
        while len(self._levels) > 1 and len(self._levels[-2]) < 4 * len(self._levels[-1]):
            merged = np.concatenate([self._levels.pop(), self._levels.pop()])
            merged.sort(kind="stable")  # merges what is sorted in linear time
            self._levels.append(merged)

    def _matches(self, texts_runs: Sequence[Runs], entries: Hashes, first: int) -> Iterator[tuple[int, Match]]:
        """Of texts whose entries these are, the numbers of those with an earlier text that is alike enough; which."""
        for number, candidates in self._candidates(entries):
            match = self._most_like(texts_runs[number - first], candidates)
            if match.similarity >= self._lowest:
                yield number, match

    def _candidates(self, entries: Hashes) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """For texts whose entries these are, the earlier texts that may be like them; only where there are any."""
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

    def _most_like(self, text_runs: Runs, candidates: NDArray[np.int64]) -> Match:
        """The similarity to the first of the candidates that are most like a text, and its name."""
        others = [self._runs[number] for number in candidates]
        sizes = np.array([len(other) for other in others])
        theirs = np.concatenate(others)
        places = np.minimum(np.searchsorted(text_runs, theirs), len(text_runs) - 1)
        shared = np.add.reduceat((text_runs[places] == theirs).astype(np.int64), np.cumsum(sizes) - sizes)
        similarity = shared / (len(text_runs) + sizes - shared)
        best = int(similarity.argmax())
        return Match(float(similarity[best]), self._names[candidates[best]])


def _slots(lowest: float, recall: float) -> int:
    """How many values of a signature make a band, so that few texts are compared, and those that are alike are.

    Two texts of this similarity are compared if all values of any band agree. With 4 values, 96 in 100 of those with
    a similarity of 0.5 are, and of 0.1 one in 200, which only costs time.
    """
    slots = SIGNATURE
    while slots > 1 and 1 - (1 - lowest**slots) ** (SIGNATURE // slots) < recall:
        slots -= 1
    return slots


def _bands(texts: Sequence[Hashes], slots: int) -> Hashes:
    """The hash of each band of each text's signature, in the upper half of the number: texts by bands."""
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
