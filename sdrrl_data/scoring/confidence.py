"""How sure the translator is of a translation: the probability that it gives to each token."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import polars as pl

from sdrrl_data.protocols import Advance, GivesProbabilities, Ingredient, Scorer, TextPair, Translator, confidences
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring.sentences import groups, mean_and_lowest
from sdrrl_data.text.equivalents import readable

MIN_CHARACTERS = 20  # of the source: in a shorter one, one token decides (of "Test", "Teste" has 0.8)
AT_ONCE = 512  # sentences that are judged together, between two calls of `advance`

Sentence = tuple[str, str]  # a source and its translation


class ConfidenceConfig(ScorerConfig):
    """How probable the first translator finds the translations, its own or those of others."""

    kind: Literal["confidence"] = "confidence"

    asks_translator = True
    scores = (
        Score(
            "confidence",
            unscored="sources of less than 20 characters; translators that do not tell: all but a single Firefox model",
            says="how probable each token of the translation is to the first translator (geometric mean, 0 to 1), mean "
            "of the sentences",
            misses="what the translator is wrong about and sure of; another good wording counts as improbable",
            low="of which the translator was not sure",
            highest=1,
        ),
        Score(
            "confidence_min",
            unscored="as `confidence`; texts whose sentences are all very short",
            says="as `confidence`, of the sentence where it is lowest",
            misses="what the translator is wrong about and sure of; very short sentences",
            low="with a sentence of which the translator was not sure",
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """An empty list: it uses the run's translator."""
        return []

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run closes the translator."""
        yield ConfidenceScorer(context.translator())


class ConfidenceScorer:
    """The geometric mean of the probabilities of a sentence's tokens, given its source, from 0 to 1.

    `confidence` is the mean over a pair's sentences, weighted by their length in source characters; `confidence_min` is
    the lowest of a sentence that is not very short. Null for a very short source, or if the translator does not tell.
    """

    def __init__(self, translator: Translator | None) -> None:
        self._rater = translator if isinstance(translator, GivesProbabilities) else None
        self._characters: frozenset[str] | None = getattr(translator, "characters", None)

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `confidence` and `confidence_min`."""
        rows: list[tuple[float | None, float | None]] = []
        for group in groups(pairs, AT_ONCE):
            confidences = self._confidences(list(dict.fromkeys(sentence for text in group for sentence in text)))
            for text in group:
                known = [sentence for sentence in text if sentence in confidences]
                is_long = sum(len(source) for source, _ in text) >= MIN_CHARACTERS
                complete = known if is_long and len(known) == len(text) else []
                rows.append(mean_and_lowest(complete, [confidences[sentence] for sentence in complete]))
            advance(len(group))
        schema = {score.name: pl.Float64 for score in ConfidenceConfig.scores}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _confidences(self, sentences: Sequence[Sentence]) -> dict[Sentence, float]:
        """The confidence in each sentence, of those that the translator can judge."""
        if self._rater is None or not sentences:
            return {}
        sent = [
            (readable(source, self._characters), readable(target, self._characters)) for source, target in sentences
        ]
        return {sentences[number]: confidence for number, confidence in confidences(self._rater, sent).items()}
