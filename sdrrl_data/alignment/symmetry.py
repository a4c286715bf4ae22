"""What two directions of alignment agree on, and how sure it is."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from sdrrl_data.protocols import Link

# How often a word is thought to have stood for something else, besides all the times that it was seen. A word seen once
# with whatever it stood for then is as likely as not by chance.
DOUBT = 1.1


def grown(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """The links of both directions, and those of one direction that lie beside them and reach a word without a link.

    Source: "grow" of Koehn et al. 2003, https://aclanthology.org/N03-1017, section 2, without diagonal neighbours.

    Args:
        forward: (pairs x source words x target words), whether each target word comes from this source word.
        backward: the same shape, whether each source word comes from this target word.
    """
    either = forward | backward
    links: np.ndarray = forward & backward
    while True:
        framed = np.pad(links, ((0, 0), (1, 1), (1, 1)))
        beside = framed[:, :-2, 1:-1] | framed[:, 2:, 1:-1] | framed[:, 1:-1, :-2] | framed[:, 1:-1, 2:]
        alone = ~links.any(axis=2, keepdims=True) | ~links.any(axis=1, keepdims=True)
        added = either & beside & alone & ~links
        if not added.any():
            return links
        links = links | added


def rated(
    source: Sequence[Hashable], target: Sequence[Hashable], linked: Iterable[tuple[int, int, float, float]]
) -> list[Link]:
    """Links with their confidence: the geometric mean of two probabilities.

    They are that the source word is translated by the target words it is linked to, and that the target word is
    translated by the source words it is linked to. A word that is linked twice counts once.

    Args:
        source: the source words.
        target: the target words.
        linked: source word, target word, probability of the target word given the source word, and the reverse.
    """
    links = list(linked)
    forward: dict[int, dict[Hashable, float]] = defaultdict(dict)
    backward: dict[int, dict[Hashable, float]] = defaultdict(dict)
    for i, j, onwards, back in links:
        forward[i][target[j]] = onwards
        backward[j][source[i]] = back
    sure = {i: min(1.0, sum(sums.values())) for i, sums in forward.items()}
    sure_back = {j: min(1.0, sum(sums.values())) for j, sums in backward.items()}
    return [Link(i, j, math.sqrt(sure[i] * sure_back[j])) for i, j, _, _ in links]
