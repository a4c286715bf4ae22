"""What a run should do: pydantic models, data only."""

from itertools import chain
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.code_switching import (
    Aligner,
    AttentionAligner,
    CodeSwitching,
    DictionaryAligner,
    EflomalAligner,
    EmbeddingAligner,
    HmmAligner,
    learns,
)
from sdrrl_data.recipe.generators import Answers, Example, Generator, Sampling, Server
from sdrrl_data.recipe.scorers import (
    HEURISTICS,
    KNOWN_SCORES,
    SCORES,
    CometScorer,
    ContaminationScorer,
    DuplicatesScorer,
    FinishScorer,
    FunctionScorer,
    Heuristic,
    JudgeScorer,
    LanguageScorer,
    LengthScorer,
    NumbersScorer,
    OverlapScorer,
    PersonalScorer,
    RepetitionScorer,
    RoundTripScorer,
    Scorer,
    SimilarityScorer,
    of_source,
    score_tables,
    scorer_name,
    scores_of,
)
from sdrrl_data.recipe.seeds import Magpie, SeedFields, Seeds, SeedSources
from sdrrl_data.recipe.settings import Positive, Settings
from sdrrl_data.recipe.thresholds import Bound, Bounds, Threshold
from sdrrl_data.recipe.transfer_sets import Mix, Parallel, ParallelFields, Prompts, TransferSet
from sdrrl_data.recipe.translators import Firefox, Nllb, SelfTranslation, Translations, Translator, translator_names

__all__ = [
    "HEURISTICS",
    "KNOWN_SCORES",
    "SCORES",
    "SHAPELESS",
    "Aligner",
    "Answers",
    "AttentionAligner",
    "Bound",
    "Bounds",
    "CodeSwitching",
    "CometScorer",
    "ContaminationScorer",
    "DictionaryAligner",
    "DuplicatesScorer",
    "EflomalAligner",
    "EmbeddingAligner",
    "Example",
    "FinishScorer",
    "Firefox",
    "FunctionScorer",
    "Generator",
    "Heuristic",
    "HmmAligner",
    "JudgeScorer",
    "LanguageScorer",
    "LengthScorer",
    "Magpie",
    "Mix",
    "Nllb",
    "NumbersScorer",
    "OverlapScorer",
    "Parallel",
    "ParallelFields",
    "PersonalScorer",
    "Prompts",
    "Recipe",
    "RepetitionScorer",
    "RoundTripScorer",
    "Sampling",
    "Scorer",
    "SeedFields",
    "SeedSources",
    "Seeds",
    "SelfTranslation",
    "Server",
    "Settings",
    "SimilarityScorer",
    "Threshold",
    "TransferSet",
    "Translations",
    "Translator",
    "learns",
    "of_source",
    "score_tables",
    "scorer_name",
    "scores_of",
    "translator_names",
]


class Recipe(Settings):
    """Everything that shapes a run."""

    name: str
    description: str
    src: str
    tgt: tuple[str, ...]
    seed: int = 42
    limit: Positive | None = None
    part_rows: Positive = 512
    seeds: SeedSources
    generator: Generator
    answers: Answers = Answers()
    translator: Annotated[tuple[Translator, ...], Field(min_length=1)]  # of several, the better translation is kept
    translations: Translations = Translations()
    code_switching: CodeSwitching = CodeSwitching()
    scorers: tuple[Scorer, ...]
    thresholds: dict[str, Threshold]
    parallel: Parallel | None = None
    prompts: dict[str, Prompts]
    transfer_set: TransferSet = TransferSet()

    @model_validator(mode="after")
    def _scorers_differ(self) -> Self:
        names = [scorer_name(own) for own in self.scorers]
        for own in self.scorers:
            name = scorer_name(own)
            taken = name in {HEURISTICS, *SCORES, *KNOWN_SCORES, *chain(*SCORES.values())}
            if names.count(name) > 1 or (isinstance(own, FunctionScorer) and taken):
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
        wanted = isinstance(self.code_switching.aligner, AttentionAligner)
        if wanted and not any(isinstance(own, Nllb) for own in self.translator):
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
