"""How words are aligned, and which words are switched."""

from typing import Literal

from pydantic import Field

from sdrrl_data.recipe.components import AlignerConfig
from sdrrl_data.recipe.config import Config, Share


class CodeSwitchingConfig(Config):
    """Which words of a text are replaced by their counterparts in the other language."""

    # What tells which words correspond.
    aligner: AlignerConfig = Field(default_factory=lambda: AlignerConfig.named("hmm")(kind="hmm"))
    texts: Literal["question", "answer", "both"] = "question"  # which texts are switched
    level: Literal["word", "phrase", "sentence"] = "word"  # what is switched at once
    chance: Share = 1.0  # that a row is switched at all
    ratio: Share = 0.3  # of the words (or sentences) that could be switched
    min_confidence: Share = 0.5  # of the aligner, so that a word is switched
