"""Words as numbers, sentences in batches, and the pairs of words that occur together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

LONGEST = 200  # words; longer sentences are skipped

PADDING, UNSEEN = 0, 1  # numbers that do not belong to a word


class SentenceBatch(NamedTuple):
    """Sentence pairs of similar length."""

    pairs: list[int]  # the numbers of the pairs
    source: np.ndarray  # (pairs x source words), the numbers of words, padded
    target: np.ndarray  # (pairs x target words)


class Words:
    """The words of one language, each with its number. Case is ignored."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._numbers = {word: number for number, word in enumerate(words, UNSEEN + 1)}

    def __len__(self) -> int:
        """The largest number plus one."""
        return len(self._numbers) + UNSEEN + 1

    def __iter__(self) -> Iterator[str]:
        """The words in the order of their numbers."""
        return iter(self._numbers)

    def learn(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of these words; new words get new numbers."""
        return [self._numbers.setdefault(token.casefold(), len(self)) for token in tokens]

    def look_up(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of these words, `UNSEEN` for new words."""
        return [self._numbers.get(token.casefold(), UNSEEN) for token in tokens]


def batches(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], max_cells: int) -> Iterator[SentenceBatch]:
    """Batches of pairs of similar lengths, without pairs that have no words or too many words on a side.

    `text.batches` cannot be used here, because the size of a batch depends on two lengths.

    Args:
        pairs: the numbers of source words and target words.
        max_cells: the most source words times target words in a batch, with padding.
    """
    lengths = [(len(source), len(target)) for source, target in pairs]
    usable = sorted((sides, pair) for pair, sides in enumerate(lengths) if min(sides) > 0 and max(sides) <= LONGEST)
    batch: list[int] = []
    widest = 0
    for (source, target), pair in usable:
        widest = max(widest, target)
        if batch and (len(batch) + 1) * source * widest > max_cells:
            yield _batch(pairs, batch)
            batch, widest = [], target
        batch.append(pair)
    if batch:
        yield _batch(pairs, batch)


def _batch(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], numbers: list[int]) -> SentenceBatch:
    source, target = (_padded([pairs[number][side] for number in numbers]) for side in (0, 1))
    return SentenceBatch(numbers, source, target)


def _padded(sentences: Sequence[Sequence[int]]) -> np.ndarray:
    lengths = np.array([len(sentence) for sentence in sentences])
    padded = np.full((len(sentences), lengths.max()), PADDING, dtype=np.int64)
    padded[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(sentences)
    return padded


class Cooccurrences:
    """The pairs of words that occur together in a pair of sentences, each with its number."""

    def __init__(self, keys: np.ndarray, target_words: int) -> None:
        """Keep the sorted keys: source word times the number of target words, plus target word."""
        self.keys = keys
        self._target_words = target_words

    @classmethod
    def of(cls, batches: Sequence[SentenceBatch], target_words: int) -> "Cooccurrences":
        """All pairs of words in these batches."""
        none = np.empty(0, dtype=np.int64)
        keys = _distinct(np.concatenate([none, *(_distinct(_keys(batch, target_words)) for batch in batches)]))
        return cls(keys[(keys >= target_words) & (keys % target_words != PADDING)], target_words)

    def find(self, batch: SentenceBatch) -> np.ndarray:
        """(pairs x source words x target words), the number of each pair of words; `len(keys)` for a new pair."""
        keys = _keys(batch, self._target_words)
        positions = np.searchsorted(self.keys, keys)
        positions[np.append(self.keys, -1)[positions] != keys] = len(self.keys)
        return positions.astype(np.int32)

    def agreements(self, batches: Sequence[SentenceBatch], indices: Sequence[np.ndarray]) -> np.ndarray:
        """For each pair of words: how often they occur together, among all occurrences of both (Dice's coefficient).

        1 if they only ever occur together, in at least two pairs of sentences; 0 if they occur together once, which
        tells nothing. Several occurrences in a pair of sentences count once.

        Args:
            batches: those from which the pairs of words are.
            indices: what `find` returns for each of them.
        """
        together = np.zeros(len(self.keys) + 1, dtype=np.int64)
        sources = np.zeros(int(self.sources().max(initial=0)) + 1, dtype=np.int64)
        targets = np.zeros(self._target_words, dtype=np.int64)
        for batch, index in zip(batches, indices, strict=True):
            first_source, first_target = _is_first(batch.source), _is_first(batch.target)
            is_first = first_source[:, :, None] & first_target[:, None, :]
            together += np.bincount(index[is_first], minlength=len(together))
            sources += np.bincount(batch.source[first_source], minlength=len(sources))
            targets += np.bincount(batch.target[first_target], minlength=len(targets))
        together = together[:-1]
        agreements: np.ndarray = 2 * together / (sources[self.sources()] + targets[self.targets()])
        return np.where(together > 1, agreements, 0)

    def sources(self) -> np.ndarray:
        """The source word of each pair."""
        return self.keys // self._target_words

    def targets(self) -> np.ndarray:
        """The target word of each pair."""
        return self.keys % self._target_words


def _is_first(sentences: np.ndarray) -> np.ndarray:
    """Whether each word is the first of its kind in its sentence."""
    order = np.argsort(sentences, axis=1, kind="stable")
    ordered = np.take_along_axis(sentences, order, axis=1)
    is_first = np.ones(sentences.shape, dtype=bool)
    np.put_along_axis(is_first, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return is_first


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """Does the same as `np.unique`, in a third of the time."""
    ordered = np.sort(numbers, axis=None)
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    distinct: np.ndarray = ordered[is_first]
    return distinct


def _keys(batch: SentenceBatch, target_words: int) -> np.ndarray:
    keys: np.ndarray = batch.source[:, :, None] * target_words + batch.target[:, None, :]
    return keys
