"""Words as numbers, sentences in batches, and which words have been seen together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

LONGEST = 200  # words; longer sentences are passed over

PADDING, UNSEEN = 0, 1  # numbers that are no word's


class SentenceBatch(NamedTuple):
    """Sentence pairs of like length."""

    pairs: list[int]  # which they are
    source: np.ndarray  # (pairs x source words), the numbers of words, padded
    target: np.ndarray  # (pairs x target words)


class Words:
    """The words of one language, each with its number. Case is ignored."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._numbers = {word: number for number, word in enumerate(words, UNSEEN + 1)}

    def __len__(self) -> int:
        """One more than the greatest number."""
        return len(self._numbers) + UNSEEN + 1

    def __iter__(self) -> Iterator[str]:
        """The words in the order of their numbers."""
        return iter(self._numbers)

    def learn(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of these words; new words get new ones."""
        return [self._numbers.setdefault(token.casefold(), len(self)) for token in tokens]

    def look_up(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of these words, `UNSEEN` for new ones."""
        return [self._numbers.get(token.casefold(), UNSEEN) for token in tokens]


def batches(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], most: int) -> Iterator[SentenceBatch]:
    """Pairs of like lengths together, without those that have no words or too many on a side.

    `text.batches` does not do here: how large a batch is, two lengths say.

    Args:
        pairs: the numbers of source words and target words.
        most: the number of source words times target words that a batch may have, padding included.
    """
    lengths = [(len(source), len(target)) for source, target in pairs]
    fit = sorted((sides, pair) for pair, sides in enumerate(lengths) if min(sides) > 0 and max(sides) <= LONGEST)
    batch: list[int] = []
    widest = 0
    for (source, target), pair in fit:
        widest = max(widest, target)
        if batch and (len(batch) + 1) * source * widest > most:
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


class Together:
    """The pairs of words that have been seen in one pair of sentences, each with its number."""

    def __init__(self, keys: np.ndarray, target_words: int) -> None:
        """Take the keys, in order: source word times the number of target words, plus target word."""
        self.keys = keys
        self._target_words = target_words

    @classmethod
    def of(cls, batches: Sequence[SentenceBatch], target_words: int) -> "Together":
        """All pairs of words that these batches have."""
        none = np.empty(0, dtype=np.int64)
        seen = _distinct(np.concatenate([none, *(_distinct(_keys(batch, target_words)) for batch in batches)]))
        return cls(seen[(seen >= target_words) & (seen % target_words != PADDING)], target_words)

    def find(self, batch: SentenceBatch) -> np.ndarray:
        """(pairs x source words x target words), the number of each pair of words; `len(keys)` for a new one."""
        keys = _keys(batch, self._target_words)
        positions = np.searchsorted(self.keys, keys)
        positions[np.append(self.keys, -1)[positions] != keys] = len(self.keys)
        return positions.astype(np.int32)

    def sources(self) -> np.ndarray:
        """The source word of each pair."""
        return self.keys // self._target_words

    def targets(self) -> np.ndarray:
        """The target word of each pair."""
        return self.keys % self._target_words


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """As `np.unique` does, in a third of the time."""
    ordered = np.sort(numbers, axis=None)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    distinct: np.ndarray = ordered[first]
    return distinct


def _keys(batch: SentenceBatch, target_words: int) -> np.ndarray:
    keys: np.ndarray = batch.source[:, :, None] * target_words + batch.target[:, None, :]
    return keys
