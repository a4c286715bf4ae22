"""What the aligners that are neural models share: words in pieces, batches, and links from two directions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sdrrl_data.protocols import Link
from sdrrl_data.text.batches import batches

Tokens = Sequence[str]

BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}  # of one side, padding included


class Pieces(NamedTuple):
    """A sentence as a model takes it: its subwords between special tokens."""

    ids: list[int]
    words: list[int | None]  # of which word each is a piece; None for a special token


def tokenized(tokenizer: Any, sentences: Iterable[Tokens], longest: int) -> list[Pieces]:
    """Each sentence in pieces, cut off where it has so many, special tokens among them."""
    words = [list(sentence) for sentence in sentences]
    if not words:
        return []
    encoded = tokenizer(words, is_split_into_words=True, truncation=True, max_length=longest)
    return [Pieces(ids, encoded.word_ids(number)) for number, ids in enumerate(encoded["input_ids"])]


def memberships(sentence: Pieces) -> np.ndarray:
    """Which pieces are of which word: (words that have pieces x pieces), 1 or 0."""
    pieces = np.array([-1 if word is None else word for word in sentence.words])
    members: np.ndarray = np.array(_present(sentence))[:, None] == pieces
    return members.astype(np.float32)


def linked(
    sources: Sequence[Pieces],
    targets: Sequence[Pieces],
    compare: Callable[[Sequence[Pieces], Sequence[Pieces]], Iterable[tuple[np.ndarray, np.ndarray]]],
    most: int,
) -> list[list[Link]]:
    """The links of each pair, worked out in batches of like length.

    Args:
        sources: the source sentences.
        targets: their translations.
        compare: of each pair of a batch, two matrices (source words x target words, those that have pieces): how
            probable it is that the source word is translated by the target word, and the other way round.
        most: padded tokens of one side of a batch; a longer sentence is a batch of its own.
    """
    links_of_pairs: list[list[Link]] = [[] for _ in sources]
    lengths = {
        number: max(len(source.ids), len(target.ids))
        for number, (source, target) in enumerate(zip(sources, targets, strict=True))
        if _present(source) and _present(target)
    }
    for batch in batches(lengths, lengths.__getitem__, most):
        matrices = compare([sources[number] for number in batch], [targets[number] for number in batch])
        for number, (forward, backward) in zip(batch, matrices, strict=True):
            source_words, target_words = _present(sources[number]), _present(targets[number])
            links_of_pairs[number] = [
                Link(source_words[i], target_words[j], sure) for i, j, sure in symmetrised(forward, backward)
            ]
    return links_of_pairs


def symmetrised(forward: np.ndarray, backward: np.ndarray) -> list[Link]:
    """Links where both directions have their maximum, and beside them where one direction has more than half.

    So a word can have several counterparts ("crisis", "khủng hoảng"). The confidence is the geometric mean of two
    probabilities: that the source word is translated by the target words it is linked to, and that the target word is
    translated by the source words it is linked to.

    Args:
        forward: (source words x target words), probabilities over each row.
        backward: (source words x target words), probabilities over each column.
    """
    links = (forward == forward.max(axis=1, keepdims=True)) & (backward == backward.max(axis=0))
    firm = (forward > 0.5) | (backward > 0.5)
    while (grown := links | (_beside(links) & firm)).sum() > links.sum():
        links = grown
    sure = np.sqrt((forward * links).sum(axis=1, keepdims=True) * (backward * links).sum(axis=0)).clip(max=1)
    return [Link(int(i), int(j), float(sure[i, j])) for i, j in np.argwhere(links)]


def _beside(links: np.ndarray) -> np.ndarray:
    """The cells above, below, left and right of linked ones."""
    framed = np.pad(links, 1)
    beside: np.ndarray = framed[:-2, 1:-1] | framed[2:, 1:-1] | framed[1:-1, :-2] | framed[1:-1, 2:]
    return beside


def _present(sentence: Pieces) -> list[int]:
    """The words that have pieces: those not cut off, and of characters that the tokenizer does not pass over."""
    return list(dict.fromkeys(word for word in sentence.words if word is not None))
