"""Who aligns words, and which words are switched."""

from typing import Annotated, Literal

from pydantic import Field

from sdrrl_data.recipe.config import Config, Positive, Share


class HmmConfig(Config):
    """Hidden Markov alignment models in both directions, symmetrised by growing their intersection."""

    kind: Literal["hmm"] = "hmm"
    iterations: Positive = 4  # of each of its two stages


class EflomalConfig(Config):
    """Bayesian alignment models by Gibbs sampling in both directions, symmetrised (sil-thot)."""

    kind: Literal["eflomal"] = "eflomal"


class DictionaryConfig(Config):
    """A bilingual dictionary, one word and one translation a line (MUSE's format)."""

    kind: Literal["dictionary"] = "dictionary"
    source: str


class EmbeddingConfig(Config):
    """Words whose embeddings are each other's nearest, by a multilingual encoder."""

    kind: Literal["embedding"] = "embedding"
    model: str = "google-bert/bert-base-multilingual-cased"
    revision: str | None = None
    layer: Positive = 8  # whose hidden states are compared


class AttentionConfig(Config):
    """The cross-attention of the recipe's NLLB translator."""

    kind: Literal["attention"] = "attention"
    layer: Positive | None = None  # of the decoder; None: for each pair, where both directions agree best


AlignerConfig = Annotated[
    HmmConfig | EflomalConfig | DictionaryConfig | EmbeddingConfig | AttentionConfig, Field(discriminator="kind")
]


def learns(aligner: AlignerConfig) -> bool:
    """Whether an aligner is trained on the run's own pairs."""
    return isinstance(aligner, HmmConfig | EflomalConfig)


class CodeSwitchingConfig(Config):
    """Which words of a text are replaced by their counterparts in the other language."""

    aligner: AlignerConfig = HmmConfig()
    texts: Literal["question", "answer", "both"] = "question"
    level: Literal["word", "phrase", "sentence"] = "word"
    chance: Share = 1.0  # of a row to be switched at all
    ratio: Share = 0.3  # of the words (or sentences) that could be switched
    min_confidence: Share = 0.5
