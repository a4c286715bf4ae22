"""What is different for one target of a recipe."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from sdrrl_data.recipe.code_switching import CodeSwitchingConfig
from sdrrl_data.recipe.components import TranslatorConfig
from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.thresholds import ThresholdConfig
from sdrrl_data.recipe.transfer_sets import PromptsConfig
from sdrrl_data.recipe.translators import TranslationsConfig

C = TypeVar("C", bound=Config)


class Layer(Config):
    """A section that is laid over another one: only what is written in it counts, and only that is dumped."""

    def over(self, config: C) -> C:
        """The section with what is written in this one.

        Raises:
            ValidationError: the two do not go together.
        """
        return type(config).model_validate(dict(config) | self.written())

    def written(self) -> dict[str, Any]:
        """The fields that are written in it."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    @model_serializer(mode="wrap")
    def _only_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


class TargetThresholdConfig(ThresholdConfig, Layer):
    """What is different in a threshold; without `min`, for example, the `min` for all targets holds."""


class TargetCodeSwitchingConfig(CodeSwitchingConfig, Layer):
    """What is different in the code-switching."""


class TargetConfig(Layer):
    """What is different for one target language.

    It is laid over the rest of the recipe, as a part is that `--with` names, but for this target alone: a translator, or
    a list of them, replaces that for all targets; of code-switching, of the thresholds and of the prompts, only the
    values change that are written here. A translator without a `kind` is that for all targets with other settings. Null
    takes back what was written here. What is made for a target depends on what holds for it alone, so that a change
    here leaves the rows of the other targets as they are.
    """

    translator: tuple[TranslatorConfig, ...] = ()
    translations: TranslationsConfig = TranslationsConfig()
    code_switching: TargetCodeSwitchingConfig = Field(default_factory=TargetCodeSwitchingConfig)
    thresholds: dict[str, TargetThresholdConfig] = Field(default={})
    prompts: dict[str, PromptsConfig] = Field(default={})  # by the tags of the prompts' languages

    def sections(self, general: Config) -> dict[str, Any]:
        """The sections of a recipe that are different for this target.

        Args:
            general: the recipe, as it holds for all targets.

        Raises:
            ValidationError: a section does not go together with what is written here.
        """
        sections = {name: (value, getattr(general, name)) for name, value in self.written().items()}
        return {name: _laid_over(value, for_all) for name, (value, for_all) in sections.items()}


def _laid_over(value: Any, for_all: Any) -> Any:
    if isinstance(value, Layer):
        return value.over(for_all)
    if isinstance(value, Mapping):
        return dict(for_all) | {
            name: item.over(for_all.get(name, ThresholdConfig())) if isinstance(item, Layer) else item
            for name, item in value.items()
        }
    return value
