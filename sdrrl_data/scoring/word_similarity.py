"""Words that are like none of the other side, by a multilingual encoder."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Literal

import numpy as np
import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring import encoders
from sdrrl_data.scoring.encoder_states import PROBES
from sdrrl_data.scoring.packaged_encoder import PackagedE5
from sdrrl_data.scoring.sentences import groups
from sdrrl_data.scoring.similarity import SimilarityConfig
from sdrrl_data.text.function_words import is_function_word

LAYERS = 8  # of twelve: the last ones mix the words of a sentence. Of 4 and 8, 8 found more planted words
LOST = 3  # words: a lost clause has several
AT_ONCE = 256  # sentences of each side that are encoded together, between two calls of `advance`
_ENCODER = SimilarityConfig(engine="ctranslate2")


class WordSimilarityConfig(ScorerConfig):
    """The words that are least like any word of the other side, by the hidden states of multilingual-e5-small."""

    kind: Literal["word_similarity"] = "word_similarity"

    extra = "similarity"
    scores = (
        Score(
            "word_similarity_added",
            unscored="texts without content words on both sides",
            says="cosine of a translated word and the most similar source word, for the content word where it is "
            "lowest in the whole text",
            misses="a wrong number, a lost word or negation, and a wrong sense that is near",
            low="with a word unlike any of the source",
            highest=1,
        ),
        Score(
            "word_similarity_lost",
            unscored="texts without content words on both sides",
            says="cosine of a source word and the most similar translated word, mean of the three content words where "
            "it is lowest, in the worst sentence",
            misses="a single lost word, a wrong number, what is added",
            low="without words of the source",
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The encoder, identified without loading it."""
        return [encoders.identify(_ENCODER)]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with its encoder."""
        with closing(WordSimilarityScorer(context.src, context.tgt)) as scorer:
            yield scorer


class WordSimilarityScorer:
    """Cosines of words and their most similar words, as BERTScore compares texts, but the lowest and not the mean.

    A word's vector is the mean of its subwords' hidden states, less the mean state of some usual texts, which all
    states have in common. Null for a text without content words on both sides.

    Source: Zhang et al. 2020, https://arxiv.org/abs/1904.09675, section 3.
    """

    def __init__(self, src: Language, tgt: Language) -> None:
        """Load the encoder.

        Raises:
            NotInstalled: a package is not installed.
            DiskFailed: the converted encoder cannot be written.
        """
        self._src, self._tgt = src, tgt
        self._encoder = PackagedE5(layers=LAYERS)
        probes = [vectors for _, vectors in self._encoder.encode_words(PROBES, src.tag)]
        self._usual = np.concatenate(probes).mean(axis=0)

    def close(self) -> None:
        """Free the encoder's memory."""
        self._encoder.close()

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `word_similarity_added` and `word_similarity_lost`."""
        rows: list[tuple[float | None, float | None]] = []
        for group in groups(pairs, AT_ONCE):
            sentences = list(dict.fromkeys(sentence for text in group for sentence in text))
            similarities = dict(zip(sentences, self._lowest(sentences), strict=True))
            judged = ([lowest for sentence in text if (lowest := similarities[sentence])] for text in group)
            rows += [tuple(map(min, zip(*lowest, strict=True))) if lowest else (None, None) for lowest in judged]
            advance(len(group))
        schema = {score.name: pl.Float64 for score in WordSimilarityConfig.scores}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _lowest(self, sentences: Sequence[tuple[str, str]]) -> Iterator[tuple[float, float] | None]:
        """The two scores of each sentence; None if a side has no content words."""
        sources, targets = (
            self._encoder.encode_words([sentence[side] for sentence in sentences], language.tag)
            for side, language in enumerate((self._src, self._tgt))
        )
        for (source_words, source), (target_words, target) in zip(sources, targets, strict=True):
            from_source, from_target = _content(source_words, self._src), _content(target_words, self._tgt)
            if not from_source or not from_target:
                yield None
                continue
            cosines = self._unit(source) @ self._unit(target).T
            added = cosines.max(axis=0)[from_target]
            lost = cosines.max(axis=1)[from_source]
            yield float(added.min()), float(np.sort(lost)[:LOST].mean())

    def _unit(self, vectors: np.ndarray) -> np.ndarray:
        centred = vectors - self._usual
        unit: np.ndarray = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        return unit


def _content(words: Sequence[str], language: Language) -> list[int]:
    return [place for place, word in enumerate(words) if not is_function_word(word, language.tag)]
