"""Links from two directions of alignment, and their confidence."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from sdrrl_data.protocols import Link

# Added to the count of each word when the probabilities of its translations are computed (additive smoothing), since a
# link of words that occur only once is as likely as not a coincidence.
SMOOTHING = 1.1
# Another word is a rival if it agrees with a linked word so much, compared with the word that it is linked to.
RIVAL = 0.9
# The probability that the link is the right one if there is a rival.
UNDECIDED = 0.5


def grown(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """The links that both directions have, and their neighbours from one direction that link a word without a link.

    Source: "grow" of Koehn et al. 2003, https://aclanthology.org/N03-1017, section 2, without diagonal neighbours.

    Args:
        forward: (pairs x source words x target words), whether each target word comes from this source word.
        backward: the same shape, whether each source word comes from this target word.
    """
    either = forward | backward
    links: np.ndarray = forward & backward
    while True:
        padded = np.pad(links, ((0, 0), (1, 1), (1, 1)))
        neighbours = padded[:, :-2, 1:-1] | padded[:, 2:, 1:-1] | padded[:, 1:-1, :-2] | padded[:, 1:-1, 2:]
        unlinked = ~links.any(axis=2, keepdims=True) | ~links.any(axis=1, keepdims=True)
        added = either & neighbours & unlinked & ~links
        if not added.any():
            return links
        links = links | added


def decided(
    links: tuple[np.ndarray, np.ndarray, np.ndarray],
    linked: np.ndarray,
    agreements: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """For each link: 1, or `UNDECIDED` if another word could be the counterpart as well.

    "sales report" and "relatório de vendas" may only ever occur together: then no count tells which word is the
    counterpart of which. The same is true of two halves of a word, of which only one is linked.

    Args:
        links: pair, source word and target word of each link: indices.
        linked: (pairs x source words x target words), whether they are linked.
        agreements: the same shape, see `Cooccurrences.agreements`.
        source: (pairs x source words), numbers of words.
        target: (pairs x target words), numbers of words.
    """
    pair, i, j = links
    is_same_target = target[pair] == target[pair, j][:, None]
    is_same_source = source[pair] == source[pair, i][:, None]
    other_targets = np.where(linked[pair, i] | is_same_target, 0, agreements[pair, i]).max(axis=1, initial=0)
    other_sources = np.where(linked[pair, :, j] | is_same_source, 0, agreements[pair, :, j]).max(axis=1, initial=0)
    rival = np.maximum(other_targets, other_sources)
    has_rival = (rival > 0) & (rival >= RIVAL * agreements[pair, i, j])
    return np.where(has_rival, UNDECIDED, 1.0)


def with_confidence(
    source: Sequence[Hashable], target: Sequence[Hashable], linked: Iterable[tuple[int, int, float, float]]
) -> list[Link]:
    """Links with their confidence: the geometric mean of two probabilities.

    These are the probability that the source word is translated by the target words that it is linked to, and the same
    in the other direction. If a word is linked twice to the same word, it counts once.

    Args:
        source: the source words.
        target: the target words.
        linked: source word, target word, probability of the target word given the source word, and the reverse.
    """
    links = list(linked)
    forward: dict[int, dict[Hashable, float]] = defaultdict(dict)
    backward: dict[int, dict[Hashable, float]] = defaultdict(dict)
    for i, j, forward_probability, backward_probability in links:
        forward[i][target[j]] = forward_probability
        backward[j][source[i]] = backward_probability
    forward_sums = {i: min(1.0, sum(probabilities.values())) for i, probabilities in forward.items()}
    backward_sums = {j: min(1.0, sum(probabilities.values())) for j, probabilities in backward.items()}
    return [Link(i, j, math.sqrt(forward_sums[i] * backward_sums[j])) for i, j, _, _ in links]
