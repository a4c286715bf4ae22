"""What a run should do: pydantic models, data only."""

from itertools import chain
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.code_switching import (
    AlignerConfig,
    AttentionConfig,
    CodeSwitchingConfig,
    DictionaryConfig,
    EflomalConfig,
    EmbeddingConfig,
    HmmConfig,
    learns,
)
from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.generators import AnswersConfig, FewShotExample, GeneratorConfig, SamplingConfig, ServerConfig
from sdrrl_data.recipe.scorers import (
    HEURISTICS,
    KNOWN_SCORES,
    SCORES,
    CometConfig,
    ContaminationConfig,
    DuplicatesConfig,
    FinishConfig,
    FunctionConfig,
    HeuristicConfig,
    JudgeConfig,
    LanguageConfig,
    LengthConfig,
    NumbersConfig,
    OverlapConfig,
    PersonalConfig,
    RepetitionConfig,
    RoundTripConfig,
    ScorerConfig,
    SimilarityConfig,
    of_source,
    score_tables,
    scorer_name,
    scores_of,
)
from sdrrl_data.recipe.seeds import MagpieConfig, SeedFieldsConfig, SeedsConfig, SeedSources
from sdrrl_data.recipe.thresholds import Bound, BoundsConfig, ThresholdConfig
from sdrrl_data.recipe.transfer_sets import (
    MixConfig,
    ParallelConfig,
    ParallelFieldsConfig,
    PromptsConfig,
    TransferSetConfig,
)
from sdrrl_data.recipe.translators import (
    FirefoxConfig,
    NllbConfig,
    SelfTranslationConfig,
    TranslationsConfig,
    TranslatorConfig,
    translator_names,
)

__all__ = [
    "HEURISTICS",
    "KNOWN_SCORES",
    "SCORES",
    "SHAPELESS",
    "AlignerConfig",
    "AnswersConfig",
    "AttentionConfig",
    "Bound",
    "BoundsConfig",
    "CodeSwitchingConfig",
    "CometConfig",
    "Config",
    "ContaminationConfig",
    "DictionaryConfig",
    "DuplicatesConfig",
    "EflomalConfig",
    "EmbeddingConfig",
    "FewShotExample",
    "FinishConfig",
    "FirefoxConfig",
    "FunctionConfig",
    "GeneratorConfig",
    "HeuristicConfig",
    "HmmConfig",
    "JudgeConfig",
    "LanguageConfig",
    "LengthConfig",
    "MagpieConfig",
    "MixConfig",
    "NllbConfig",
    "NumbersConfig",
    "OverlapConfig",
    "ParallelConfig",
    "ParallelFieldsConfig",
    "PersonalConfig",
    "PromptsConfig",
    "Recipe",
    "RepetitionConfig",
    "RoundTripConfig",
    "SamplingConfig",
    "ScorerConfig",
    "SeedFieldsConfig",
    "SeedSources",
    "SeedsConfig",
    "SelfTranslationConfig",
    "ServerConfig",
    "SimilarityConfig",
    "ThresholdConfig",
    "TransferSetConfig",
    "TranslationsConfig",
    "TranslatorConfig",
    "learns",
    "of_source",
    "score_tables",
    "scorer_name",
    "scores_of",
    "translator_names",
]


class Recipe(Config):
    """Everything that shapes a run."""

    name: str
    description: str
    src: str
    tgt: tuple[str, ...]
    seed: int = 42
    limit: Positive | None = None
    part_rows: Positive = 512
    seeds: SeedSources
    generator: GeneratorConfig
    answers: AnswersConfig = AnswersConfig()
    translator: Annotated[
        tuple[TranslatorConfig, ...], Field(min_length=1)
    ]  # of several, the better translation is kept
    translations: TranslationsConfig = TranslationsConfig()
    code_switching: CodeSwitchingConfig = CodeSwitchingConfig()
    scorers: tuple[ScorerConfig, ...]
    thresholds: dict[str, ThresholdConfig]
    parallel: ParallelConfig | None = None
    prompts: dict[str, PromptsConfig]
    transfer_set: TransferSetConfig = TransferSetConfig()

    @model_validator(mode="after")
    def _scorers_differ(self) -> Self:
        names = [scorer_name(own) for own in self.scorers]
        for own in self.scorers:
            name = scorer_name(own)
            taken = name in {HEURISTICS, *SCORES, *KNOWN_SCORES, *chain(*SCORES.values())}
            if names.count(name) > 1 or (isinstance(own, FunctionConfig) and taken):
                raise ValueError(f"scorers: {name} is there twice, or the name of another")
            if name.startswith(("question_", "answer_")):
                raise ValueError(f"scorers: {name} is taken for the score of one text: leave the beginning out")
        return self

    @model_validator(mode="after")
    def _thresholds_have_scores(self) -> Self:
        """A threshold is for a score (of questions and answers), or as `question_…` or `answer_…` for one of them."""
        scores = [score for own in self.scorers for score in scores_of(own)]
        columns = {f"{text}{score}" for score in scores for text in ("", "question_", "answer_")}
        columns |= {f"{text}{score}" for score in KNOWN_SCORES for text in ("", "answer_")}
        scores += KNOWN_SCORES
        for name in self.thresholds:
            if name not in columns:
                raise ValueError(f"thresholds.{name} has no score: the scorers here give {', '.join(sorted(scores))}")
        return self

    @model_validator(mode="after")
    def _attention_has_nllb(self) -> Self:
        wanted = isinstance(self.code_switching.aligner, AttentionConfig)
        if wanted and not any(isinstance(own, NllbConfig) for own in self.translator):
            raise ValueError("code_switching.aligner attention is NLLB's own: it needs an nllb translator")
        return self


# Of a generator: which model it is stands for itself, and how it is run shapes nothing.
HOW_RUN = {"model", "revision", "engine", "server", "engines", "tensor_parallel"}
# What shapes no row by itself: places, amounts, and how the work is carried out. Models and seeds stand for themselves,
# and a target's rows do not hang on the other targets.
SHAPELESS: dict[str, Any] = {
    "tgt": True,
    "limit": True,
    "part_rows": True,
    "seeds": True,
    "parallel": {"source", "fields", "config", "split", "revision", "limit"},  # its pairs do
    "generator": HOW_RUN,
    "code_switching": {"aligner": {"source", "model", "revision"}},
    "translator": {"__all__": {"model", "models", "revision", "engine", "batch_tokens"}},
    "scorers": {
        "__all__": {
            **dict.fromkeys(("model", "revision", "python", "batch_size", "against", "sets"), True),
            "generator": HOW_RUN,
        }
    },
}
