"""Common code of the aligners that use a neural model: subwords, batches, and links from two directions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sdrrl_data.protocols import Link
from sdrrl_data.text.batches import batches

Tokens = Sequence[str]

BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}  # of one side, padding included


class Pieces(NamedTuple):
    """The input of a model for a sentence: its subwords and special tokens."""

    ids: list[int]
    words: list[int | None]  # the index of each subword's word; None for a special token


def tokenized(tokenizer: Any, sentences: Iterable[Tokens], max_tokens: int) -> list[Pieces]:
    """Each sentence in subwords, cut off after `max_tokens` tokens (with special tokens)."""
    words = [list(sentence) for sentence in sentences]
    if not words:
        return []
    encoded = tokenizer(words, is_split_into_words=True, truncation=True, max_length=max_tokens)
    return [Pieces(ids, encoded.word_ids(number)) for number, ids in enumerate(encoded["input_ids"])]


def memberships(sentence: Pieces) -> np.ndarray:
    """Which subwords belong to which word: (words with subwords x tokens), 1 or 0."""
    word_of_token = np.array([-1 if word is None else word for word in sentence.words])
    members: np.ndarray = np.array(_with_subwords(sentence))[:, None] == word_of_token
    return members.astype(np.float32)


def linked(
    sources: Sequence[Pieces],
    targets: Sequence[Pieces],
    compare: Callable[[Sequence[Pieces], Sequence[Pieces]], Iterable[tuple[np.ndarray, np.ndarray]]],
    max_tokens: int,
) -> list[list[Link]]:
    """The links of each pair, computed in batches of similar length.

    Args:
        sources: the source sentences.
        targets: their translations.
        compare: yields two matrices for each pair of a batch (source words x target words, only words with subwords):
            the probability that the source word is translated by the target word, and the other way round.
        max_tokens: the most padded tokens of one side of a batch; a longer sentence is a batch by itself.
    """
    links_of_pairs: list[list[Link]] = [[] for _ in sources]
    lengths = {
        number: max(len(source.ids), len(target.ids))
        for number, (source, target) in enumerate(zip(sources, targets, strict=True))
        if _with_subwords(source) and _with_subwords(target)
    }
    for batch in batches(lengths, lengths.__getitem__, max_tokens):
        matrices = compare([sources[number] for number in batch], [targets[number] for number in batch])
        for number, (forward, backward) in zip(batch, matrices, strict=True):
            source_words, target_words = _with_subwords(sources[number]), _with_subwords(targets[number])
            links_of_pairs[number] = [
                Link(source_words[i], target_words[j], confidence)
                for i, j, confidence in symmetrised(forward, backward)
            ]
    return links_of_pairs


def symmetrised(forward: np.ndarray, backward: np.ndarray) -> list[Link]:
    """Links where both directions have their maximum, and their neighbours where one direction is above one half.

    So a word can have several counterparts ("crisis", "khủng hoảng"). The confidence is the geometric mean of two
    probabilities: that the source word is translated by the target words that it is linked to, and the same in the
    other direction.

    Args:
        forward: (source words x target words), probabilities over each row.
        backward: (source words x target words), probabilities over each column.
    """
    links = (forward == forward.max(axis=1, keepdims=True)) & (backward == backward.max(axis=0))
    probable = (forward > 0.5) | (backward > 0.5)
    while (grown := links | (_neighbours(links) & probable)).sum() > links.sum():
        links = grown
    confidences = np.sqrt((forward * links).sum(axis=1, keepdims=True) * (backward * links).sum(axis=0)).clip(max=1)
    return [Link(int(i), int(j), float(confidences[i, j])) for i, j in np.argwhere(links)]


def _neighbours(links: np.ndarray) -> np.ndarray:
    """The cells above, below, left and right of links."""
    padded = np.pad(links, 1)
    neighbours: np.ndarray = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return neighbours


def _with_subwords(sentence: Pieces) -> list[int]:
    """The words with subwords: not cut off, and not only characters that the tokenizer skips."""
    return list(dict.fromkeys(word for word in sentence.words if word is not None))
