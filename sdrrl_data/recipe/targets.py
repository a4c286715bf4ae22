"""What is different for one target of a recipe."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from sdrrl_data.recipe import mistakes
from sdrrl_data.recipe.code_switching import CodeSwitchingConfig
from sdrrl_data.recipe.components import TranslatorConfig
from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.thresholds import BOUNDS, ThresholdConfig
from sdrrl_data.recipe.transfer_sets import PromptsConfig, Sentences
from sdrrl_data.recipe.translators import TranslationsConfig


class Layer(Config):
    """A section that is laid over another one: only what is written in it counts, and only that is dumped."""

    section: ClassVar[type[Config]]  # the class of the other one

    def over(self, config: Config | None, key: str) -> Config:
        """The section with what is written in this one, which stands alone if there is no other.

        Args:
            config: the other section.
            key: its dotted key, for the error's sentence.

        Raises:
            ValueError: the two do not go together.
        """
        content = (dict(config) if config else {}) | self.written()
        try:
            return self.section.model_validate(content)
        except ValidationError as error:
            raise ValueError(mistakes.explain(error, self.section, content, "a recipe", key=key)) from None

    def written(self) -> dict[str, Any]:
        """The fields that are written in it."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    @model_serializer(mode="wrap")
    def _only_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


class TargetThresholdConfig(ThresholdConfig, Layer):
    """What is different in a threshold; without `min`, for example, the `min` for all targets holds."""

    section = ThresholdConfig


class TargetCodeSwitchingConfig(CodeSwitchingConfig, Layer):
    """What is different in the code-switching."""

    section = CodeSwitchingConfig


class TargetPromptsConfig(PromptsConfig, Layer):
    """What is different in the prompts of one language."""

    section = PromptsConfig

    answer_in: Sentences = ()
    translate: Sentences = ()
    complete: Sentences = ()


class TargetConfig(Layer):
    """What is different for one target language; all else is as it is written for all targets.

    `translator` replaces the translators for all targets; one without a `kind` is the one for all targets, with other
    settings. Of `code_switching` (with its aligner), of a threshold, and of the prompts in a language, only those
    values change that are written here. Null takes back what was written here before. The rows of a target depend on
    what holds for it alone: a change here leaves the other targets as they are.
    """

    translator: tuple[TranslatorConfig, ...] = ()
    translations: TranslationsConfig = TranslationsConfig()
    code_switching: TargetCodeSwitchingConfig = Field(default_factory=TargetCodeSwitchingConfig)
    thresholds: Annotated[dict[str, TargetThresholdConfig], BOUNDS] = Field(default={})
    prompts: dict[str, TargetPromptsConfig] = Field(default={})  # by the tags of the prompts' languages

    def sections(self, recipe: Config) -> dict[str, Any]:
        """The sections of a recipe that are different for this target.

        Args:
            recipe: as it is written for all targets.

        Raises:
            ValueError: a section does not go together with what is written here.
        """
        return {name: _laid_over(value, getattr(recipe, name), name) for name, value in self.written().items()}


def _laid_over(value: Any, for_all: Any, key: str) -> Any:
    if isinstance(value, Layer):
        return value.over(for_all, key)
    if isinstance(value, dict):
        return for_all | {name: layer.over(for_all.get(name), f"{key}.{name}") for name, layer in value.items()}
    return value
