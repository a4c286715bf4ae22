"""The recipe, which says what a run should do: pydantic models, data only."""

from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from sdrrl_data.recipe import mistakes
from sdrrl_data.recipe.answers import AnswersConfig
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
    Date,
    FewShot,
    FewShotExample,
    GeneratorConfig,
    SamplingConfig,
    ServerConfig,
    generator_names,
)
from sdrrl_data.recipe.markers import Form, Model, Place, Shapeless, ShapelessByDefault, StaysHere, TakenIn
from sdrrl_data.recipe.scorers import (
    ANSWER_SCORES,
    HEURISTICS,
    KNOWN_SCORES,
    known_scores,
    may_have_threshold,
    no_such_score,
    of_both_texts,
    of_source,
    score_columns,
    score_tables,
    scores_of,
    shipped_scores,
)
from sdrrl_data.recipe.seeds import (
    MagpieConfig,
    NativeConfig,
    NativeFieldsConfig,
    NativeTextsConfig,
    RowsConfig,
    SeedFieldsConfig,
    SeedsConfig,
    SeedSources,
    sources_of,
)
from sdrrl_data.recipe.targets import TargetConfig
from sdrrl_data.recipe.thresholds import BOUNDS, Bound, ThresholdConfig
from sdrrl_data.recipe.transfer_sets import (
    MixConfig,
    ParallelConfig,
    ParallelFieldsConfig,
    PivotPromptsConfig,
    PreferencesConfig,
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
    "CodeSwitchingConfig",
    "Component",
    "Config",
    "Date",
    "FewShot",
    "FewShotExample",
    "Form",
    "GeneratorConfig",
    "GeneratorEngine",
    "MagpieConfig",
    "MixConfig",
    "Model",
    "NativeConfig",
    "NativeFieldsConfig",
    "NativeTextsConfig",
    "ParallelConfig",
    "ParallelFieldsConfig",
    "PivotPromptsConfig",
    "Place",
    "PreferencesConfig",
    "PromptsConfig",
    "Recipe",
    "RowsConfig",
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
    "TargetConfig",
    "ThresholdConfig",
    "TransferSetConfig",
    "TranslationsConfig",
    "TranslatorConfig",
    "TranslatorContext",
    "generator_names",
    "known_scores",
    "may_have_threshold",
    "of_both_texts",
    "of_source",
    "score_columns",
    "score_tables",
    "scores_of",
    "shipped_scores",
    "sources_of",
    "translator_names",
]

# Shares of rows in whose completions there would be the translation of a native text, or that repeat such rows.
TRANSLATED_ANSWERS = ("src_src", "tgt_src", "pivot", "contrast")
LANGUAGE = Form("a language by its name or tag", "pt")


class Recipe(Config):
    """Everything that a run depends on.

    `tgt` says which languages the run translates into; `--tgt` replaces it. `targets` says what is different for some
    of them (see `TargetConfig`). What it says of a language that is not in `tgt` waits there, until `--tgt` names the
    language. A recipe without `tgt` translates into the languages of its `targets`.

    Some fields are marked `Shapeless`: the seeds' rows enter the fingerprints themselves, and a target's rows do not
    depend on the other targets, only on the recipe that `for_target` returns.
    """

    name: str  # of the recipe; the run's folder is called so if nothing else is said
    description: str  # one or two sentences, for the card
    src: Annotated[str, LANGUAGE]  # the language of the seeds, in which the model answers well
    tgt: Annotated[tuple[Annotated[str, LANGUAGE], ...], Shapeless()]  # the languages to translate into
    targets: Annotated[  # by their tags
        dict[str, TargetConfig],
        Shapeless(),
        Form("what is different, by target", {"pt": {"thresholds": BOUNDS.example}}),
    ] = Field(default={})
    seed: int = 42  # of all random draws
    limit: Annotated[Positive | None, Shapeless()] = None  # how many questions to take; None: all
    # The run grows until so many pairs of each target pass the thresholds; `limit` is then the most questions it takes.
    keep: Annotated[Positive | None, Shapeless()] = None
    part_rows: Annotated[Positive, Shapeless()] = 512  # rows of a part: what is written at once, and made anew at most
    seeds: Annotated[SeedSources, Shapeless()]
    generator: GeneratorConfig
    # Models that answer, too; a list at `generator` is the first and these. Of all answers to a question one is chosen.
    other_generators: Annotated[tuple[GeneratorConfig, ...], ShapelessByDefault()] = ()
    answers: AnswersConfig = AnswersConfig()
    # Whether the generator answers the translated questions, too, in each target language: for the control `respond`.
    # These answers are in tables of their own, and change no row of the transfer set.
    direct_answers: Annotated[bool, Shapeless(), ShapelessByDefault()] = False
    # If there are several, the better translation of each text is used. It may be left out if every target has its own.
    translator: tuple[TranslatorConfig, ...] = ()
    translations: TranslationsConfig = TranslationsConfig()
    code_switching: CodeSwitchingConfig = Field(default_factory=CodeSwitchingConfig)
    scorers: tuple[ScorerConfig, ...]  # what judges the texts
    thresholds: Annotated[dict[str, ThresholdConfig], BOUNDS]
    parallel: ParallelConfig | None = None
    prompts: dict[str, PromptsConfig]
    transfer_set: TransferSetConfig = TransferSetConfig()
    preferences: Annotated[PreferencesConfig, ShapelessByDefault()] = PreferencesConfig()

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
                raise ValueError(no_such_score(name, scores))
        return self

    @model_validator(mode="after")
    def _texts_are_judged(self) -> Self:
        """A scorer that judges only questions, or only answers, has no threshold for the others."""
        for scorer in self.scorers:
            name, texts = scorer.called(), f"{scorer.texts}s"
            if scorer.of_answers and scorer.texts == "question":
                raise ValueError(f"scorers.{name}.texts is question, and this scorer judges answers alone")
            for other in ("question", "answer"):
                in_vain = [f"{other}_{score}" for score in scores_of(scorer) if f"{other}_{score}" in self.thresholds]
                if in_vain and not scorer.judges(other):
                    raise ValueError(
                        f"thresholds.{in_vain[0]}: scorers.{name} judges {texts} alone: set scorers.{name}.texts to "
                        "both"
                    )
        return self

    @model_validator(mode="after")
    def _translates(self) -> Self:
        """Each target has a translator, and its aligner has the one that it needs."""
        if self.targets:
            self._check_targets()
            return self
        if not self.translator:
            raise ValueError("translator is missing")
        aligner = self.code_switching.aligner
        needed = aligner.needs_translator
        if needed and all(translator.kind != needed for translator in self.translator):
            raise ValueError(
                f"code_switching.aligner {aligner.kind} uses the translator's model: it needs the translator {needed}"
            )
        return self

    @model_validator(mode="after")
    def _generators_differ(self) -> Self:
        models = [config.model for config in (self.generator, *self.other_generators)]
        if twice := next((model for model in models if models.count(model) > 1), None):
            raise ValueError(
                f"generator: {twice} answers twice: name each model once (answers.samples asks for several answers)"
            )
        if self.native and self.chooses_answers:
            raise ValueError("seeds: native texts are the answers: leave out answers.samples and further generators")
        return self

    @model_validator(mode="after")
    def _answers_can_be_compared(self) -> Self:
        """Of two answers each is as much like the other: then no score tells which is better."""
        pairs_or_models = bool(self.other_generators) or "samples" in self.preferences.rejected
        if pairs_or_models and len(self.answering) * self.answers.samples == 2 and self.answers.compares:
            raise ValueError(
                f"answers.best_by {self.answers.best_by}: of two answers each is as much like the other: choose by a "
                "scorer of answers such as {kind: reward, model: NAME}, or set answers.samples so that there are more"
            )
        return self

    def shaping(self) -> dict[str, Any]:
        """As that of every section. Prompts that this recipe does not use shape nothing."""
        shaping = super().shaping()
        for prompts in shaping["prompts"].values():
            if not self.mix.pivot:
                prompts.pop("pivot", None)
            if not self.native:
                prompts.pop("write_question", None)
        return shaping

    @model_validator(mode="after")
    def _has_answers_to_reject(self) -> Self:
        if "direct" in self.preferences.rejected and not self.direct_answers:
            raise ValueError(
                "preferences.rejected has direct, and the model answers no translated question: set direct_answers to "
                "true"
            )
        if "samples" in self.preferences.rejected and not self.chooses_answers:
            raise ValueError(
                "preferences.rejected has samples, and a question has one answer: set answers.samples to 2 or more, or "
                "name several generators"
            )
        if "samples" in self.preferences.rejected and self.answers.best_by == "first":
            raise ValueError(
                "preferences.rejected has samples, and answers.best_by first gives them no scores: choose chrf, "
                "similarity, or a scorer of answers such as {kind: reward, model: NAME}"
            )
        rejects_switched = "code_switched" in self.preferences.rejected
        if not self.targets and rejects_switched and self.code_switching.texts == "question":
            raise ValueError(
                "preferences.rejected has code_switched, and no answer is switched: set code_switching.texts to answer "
                "or both"
            )
        return self

    @property
    def answering(self) -> dict[str, GeneratorConfig]:
        """The models that answer, by their names in tables; the first is the generator."""
        generators = [self.generator, *self.other_generators]
        return dict(zip(generator_names(generators), generators, strict=True))

    @property
    def chooses_answers(self) -> bool:
        """Whether a question has several answers, of which one is chosen."""
        return self.answers.samples > 1 or bool(self.other_generators)

    @property
    def native(self) -> NativeConfig | None:
        """The seeds, if they are native texts."""
        return self.seeds if isinstance(self.seeds, NativeConfig) else None

    @property
    def mix(self) -> MixConfig:
        """The shares of the transfer set. Where the answers are native texts, no completion is a translation."""
        mix = self.transfer_set.mix
        return mix.model_copy(update=dict.fromkeys(TRANSLATED_ANSWERS, 0.0)) if self.native else mix

    @property
    def switches(self) -> bool:
        """Whether code-switched texts are needed."""
        return self.mix.code_switched > 0 or "code_switched" in self.preferences.rejected

    def for_target(self, tag: str) -> Self:
        """The recipe as it holds for one target: without `targets`, and with what they say of this one."""
        if not self.targets:
            return self
        target = self.targets.get(tag)
        return self.model_validate(dict(self) | (target.sections(self) if target else {}) | {"targets": {}})

    def _check_targets(self) -> None:
        for tag in dict.fromkeys([*self.tgt, *self.targets]):
            try:
                self.for_target(tag)
            except ValidationError as error:
                sentence = mistakes.explain(error, type(self), dict(self), "a recipe")
                raise ValueError(f"{sentence} (for the target {tag})") from None
            except ValueError as error:
                raise ValueError(f"{error} (for the target {tag})") from None
