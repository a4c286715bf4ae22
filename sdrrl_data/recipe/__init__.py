"""The recipe, which says what a run should do: pydantic models, data only."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.code_switching import CodeSwitchingConfig
from sdrrl_data.recipe.components import (
    AlignerConfig,
    AlignerContext,
    Component,
    Score,
    ScorerConfig,
    ScorerContext,
    TranslatorConfig,
    TranslatorContext,
)
from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.engines import GeneratorEngine
from sdrrl_data.recipe.generators import (
    DEFAULT_DATE,
    AnswersConfig,
    Date,
    FewShot,
    FewShotExample,
    GeneratorConfig,
    SamplingConfig,
    ServerConfig,
)
from sdrrl_data.recipe.markers import Model, Place, Shapeless, ShapelessByDefault, StaysHere, TakenIn
from sdrrl_data.recipe.scorers import (
    ANSWER_SCORES,
    HEURISTICS,
    KNOWN_SCORES,
    may_have_threshold,
    of_source,
    score_columns,
    score_tables,
    scores_of,
    shipped_scores,
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
from sdrrl_data.recipe.translators import TranslationsConfig, translator_names

__all__ = [
    "ANSWER_SCORES",
    "DEFAULT_DATE",
    "HEURISTICS",
    "KNOWN_SCORES",
    "AlignerConfig",
    "AlignerContext",
    "AnswersConfig",
    "Bound",
    "BoundsConfig",
    "CodeSwitchingConfig",
    "Component",
    "Config",
    "Date",
    "FewShot",
    "FewShotExample",
    "GeneratorConfig",
    "GeneratorEngine",
    "MagpieConfig",
    "MixConfig",
    "Model",
    "ParallelConfig",
    "ParallelFieldsConfig",
    "Place",
    "PromptsConfig",
    "Recipe",
    "SamplingConfig",
    "Score",
    "ScorerConfig",
    "ScorerContext",
    "SeedFieldsConfig",
    "SeedSources",
    "SeedsConfig",
    "ServerConfig",
    "Shapeless",
    "ShapelessByDefault",
    "StaysHere",
    "TakenIn",
    "ThresholdConfig",
    "TransferSetConfig",
    "TranslationsConfig",
    "TranslatorConfig",
    "TranslatorContext",
    "may_have_threshold",
    "of_source",
    "score_columns",
    "score_tables",
    "scores_of",
    "shipped_scores",
    "translator_names",
]


class Recipe(Config):
    """Everything that a run depends on.

    Two fields are marked `Shapeless` because the seeds' rows enter the fingerprints themselves, and because a target's
    rows do not depend on the other targets.
    """

    name: str
    description: str
    src: str
    tgt: Annotated[tuple[str, ...], Shapeless()]
    seed: int = 42
    limit: Annotated[Positive | None, Shapeless()] = None
    part_rows: Annotated[Positive, Shapeless()] = 512
    seeds: Annotated[SeedSources, Shapeless()]
    generator: GeneratorConfig
    answers: AnswersConfig = AnswersConfig()
    # If there are several, the better translation of each text is used.
    translator: Annotated[tuple[TranslatorConfig, ...], Field(min_length=1)]
    translations: TranslationsConfig = TranslationsConfig()
    code_switching: CodeSwitchingConfig = Field(default_factory=CodeSwitchingConfig)
    scorers: tuple[ScorerConfig, ...]
    thresholds: dict[str, ThresholdConfig]
    parallel: ParallelConfig | None = None
    prompts: dict[str, PromptsConfig]
    transfer_set: TransferSetConfig = TransferSetConfig()

    @model_validator(mode="after")
    def _scorers_differ(self) -> Self:
        shipped = {HEURISTICS, *ScorerConfig.kinds(), *shipped_scores()}
        names: set[str] = set()
        scores = {*KNOWN_SCORES}
        for scorer in self.scorers:
            name = scorer.called()
            reserved = shipped if name != scorer.kind else set()  # a user's scorer may not use these names
            for word, others in (
                (name, names | reserved),
                *((score, scores | reserved) for score in scores_of(scorer)),
            ):
                if word in others:
                    raise ValueError(f"scorers: {word} occurs twice, or is the name of another scorer or score")
                if word.startswith(("question_", "answer_")):
                    raise ValueError(
                        f"scorers: {word} means the score of only one text: choose a name that does not begin with "
                        "question_ or answer_"
                    )
            names.add(name)
            scores.update(scores_of(scorer))
        return self

    @model_validator(mode="after")
    def _thresholds_have_scores(self) -> Self:
        """A threshold is for a score (of questions and answers), or `question_…` or `answer_…` for one of the texts."""
        scores = [*(score for scorer in self.scorers for score in scores_of(scorer)), *KNOWN_SCORES]
        for name in self.thresholds:
            if not may_have_threshold(name, scores):
                raise ValueError(
                    f"thresholds.{name}: there is no such score: this recipe's scores are {', '.join(sorted(scores))}"
                )
        return self

    @model_validator(mode="after")
    def _aligner_has_its_translator(self) -> Self:
        aligner = self.code_switching.aligner
        needed = aligner.needs_translator
        if needed and all(translator.kind != needed for translator in self.translator):
            raise ValueError(
                f"code_switching.aligner {aligner.kind} uses the translator's model: it needs the translator {needed}"
            )
        return self
