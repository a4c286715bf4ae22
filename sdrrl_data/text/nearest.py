"""For each of many texts, the earlier one that is most like it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdrrl_data.text.ngrams import Hashes, plain_words, runs

ORDER = 3  # words in a run
MIN_WORDS = 5  # "Yes." and "Thank you!" say nothing by being there twice
LOWEST = 0.5  # similarity; what is less alike counts as not alike
# Two texts are compared if all slots of any band of their signatures agree. Of pairs with a similarity of 0.5 that
# finds 96 in 100, of 0.6 all but one in 1,000, and of 0.1 one in 200, which only costs time.
BANDS, SLOTS = 50, 4
# Where hundreds of texts are alike, only the first ones of a bucket are looked at, so that the work stays linear.
BUCKET = 32  # texts
CANDIDATES = 50  # texts that are compared, those first that agree in most bands

NUMBER = np.uint64(0xFFFFFFFF)  # the half of an entry that says which text it is; the other half is a band's hash
HALF = np.uint64(32)


class Match(NamedTuple):
    """How like a text is to the earlier one that is most like it, from 0.5 to 1; 0.0 and None where there is none."""

    similarity: float
    name: str | None


class Nearest:
    """Remembers texts, and finds for each new one the earlier text that is most like it.

    Two texts are as similar as the Jaccard index of their sets of word 3-grams, after Unicode's NFKC normalisation and
    without case: from 0 to 1. MinHash with locality-sensitive hashing finds the candidates, the true index decides.
    What comes out hangs on the order of the texts, but not on how they are divided into calls.

    It takes 400 bytes a text, 4 for each of its words, and about 200 for its name and what holds it all together.

    Source: Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900.

    Args:
        language: BCP 47 tag of the texts' language, by whose rules they are broken into words.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._names: list[str] = []
        self._runs: list[NDArray[np.uint32]] = []  # of each text, sorted
        self._levels: list[Hashes] = []  # entries, sorted; each level at least twice as long as the next

    def remember(self, names: Sequence[str], texts: Sequence[str]) -> None:
        """Keep these texts for later ones to be compared with."""
        self._add(names, texts)

    def compare(self, names: Sequence[str], texts: Sequence[str]) -> list[Match | None]:
        """Compare each text with all earlier ones, these included, and keep it; None for one of under five words."""
        first = len(self._names)
        entries = self._add(names, texts)
        found = [Match(0.0, None) if len(own) else None for own in self._runs[first:]]
        for number, candidates in self._candidates(entries):
            similarity, name = self._most_like(number, candidates)
            if similarity >= LOWEST:
                found[number - first] = Match(similarity, name)
        return found

    def _add(self, names: Sequence[str], texts: Sequence[str]) -> Hashes:
        """Keep texts; returns their entries, one for each band of each text."""
        tokens = [plain_words(text, self._language) for text in texts]
        hashed = [np.unique(own) for own in runs([own if len(own) >= MIN_WORDS else [] for own in tokens], ORDER)]
        numbers = np.array([number for number, own in enumerate(hashed, len(self._names)) if len(own)], dtype=np.uint64)
        self._names += names
        # Half of the bits tell apart the runs of two texts well enough. Sorted, as the whole hashes are.
        self._runs += [np.unique((own >> HALF).astype(np.uint32)) for own in hashed]
        if not len(numbers):
            return numbers
        entries: Hashes = np.sort((_bands([own for own in hashed if len(own)]) | numbers[:, None]).ravel())
        self._levels.append(entries)
        while len(self._levels) > 1 and len(self._levels[-2]) < 2 * len(self._levels[-1]):
            merged = np.concatenate([self._levels.pop(), self._levels.pop()])
            merged.sort(kind="stable")  # merges what is sorted in linear time
            self._levels.append(merged)
        return entries

    def _candidates(self, entries: Hashes) -> list[tuple[int, NDArray[np.int64]]]:
        """For texts whose entries these are, the earlier texts that may be like them; only where there are any."""
        floors = entries & ~NUMBER
        slots, others = [], []  # places in `entries`, and numbers of the texts that share the band there
        for level in self._levels:
            starts = np.searchsorted(level, floors)
            counts = np.minimum(np.searchsorted(level, entries) - starts, BUCKET)
            slot = np.repeat(np.arange(len(entries), dtype=np.uint64), counts)
            within = np.arange(len(slot)) - np.repeat(np.cumsum(counts) - counts, counts)
            slots.append(slot)
            others.append(level[np.repeat(starts, counts) + within] & NUMBER)
        if not slots:
            return []
        pairs = np.sort(np.concatenate(slots) << HALF | np.concatenate(others))
        slot = pairs >> HALF
        pairs = pairs[np.arange(len(pairs)) - np.searchsorted(slot, slot) < BUCKET]
        own = (entries & NUMBER)[pairs >> HALF]
        pairs, agreeing = np.unique(own << HALF | pairs & NUMBER, return_counts=True)
        texts, starts = np.unique(pairs >> HALF, return_index=True)
        found = []
        for number, start, end in zip(texts, starts, np.append(starts, len(pairs))[1:], strict=True):
            best = np.sort(np.argsort(-agreeing[start:end], kind="stable")[:CANDIDATES])
            found.append((int(number), (pairs[start:end][best] & NUMBER).astype(np.int64)))
        return found

    def _most_like(self, number: int, candidates: NDArray[np.int64]) -> tuple[float, str]:
        """The similarity to the first of the candidates that are most like a text, and its name."""
        own, others = self._runs[number], [self._runs[other] for other in candidates]
        sizes = np.array([len(other) for other in others])
        theirs = np.concatenate(others)
        places = np.minimum(np.searchsorted(own, theirs), len(own) - 1)
        shared = np.add.reduceat((own[places] == theirs).astype(np.int64), np.cumsum(sizes) - sizes)
        similarity = shared / (len(own) + sizes - shared)
        best = int(similarity.argmax())
        return float(similarity[best]), self._names[candidates[best]]


def _bands(texts: Sequence[Hashes]) -> Hashes:
    """The hash of each band of each text's signature, in the upper half of the number: texts by bands."""
    from rensa import RMinHash

    offsets = np.cumsum([0, *map(len, texts)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(texts), offsets, BANDS * SLOTS, 1)
    slots = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(texts), BANDS, SLOTS)
    found = np.arange(BANDS, dtype=np.uint64) * np.uint64(0x2545F4914F6CDD1D)
    for slot in range(SLOTS):
        found = (found ^ slots[:, :, slot]) * np.uint64(0x9E3779B97F4A7C15)
        found ^= found >> HALF
    return found & ~NUMBER
