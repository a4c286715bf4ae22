"""How sure a translator is of a translation: the probability that it gives to each token."""

from collections.abc import Sequence

import numpy as np

from sdrrl_data.protocols import GivesProbabilities


def confidences(translator: GivesProbabilities, sentences: Sequence[tuple[str, str]]) -> dict[int, float]:
    """The geometric mean of the probabilities of each translation's tokens, from 0 to 1, by the sentence's number.

    Args:
        translator: judges them.
        sentences: each with its translation. Those of which the translator does not tell are left out.

    Source: Fomicheva et al. 2020, https://aclanthology.org/2020.tacl-1.35, section 3.1.1 (TP).
    """
    return {number: float(np.exp(np.mean(logs))) for number, logs in translator.log_probabilities(sentences)}
