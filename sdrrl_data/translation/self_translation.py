"""The run's generator as a translator."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, TranslatorContext
from sdrrl_data.translation.prompted import PromptedConfig, PromptedTranslator


class SelfTranslationConfig(PromptedConfig):
    """The generator itself."""

    kind: Literal["self"] = "self"

    uses_generator = True

    def identify(
        self, src: Language, tgt: Language, generator: Callable[[GeneratorConfig | None], Ingredient]
    ) -> Ingredient:
        """The generator, as a translator."""
        return replace(generator(None), role="translator")

    def open(self, context: TranslatorContext) -> PromptedTranslator:
        """The translator; it uses the run's generator."""
        return PromptedTranslator(self, context, context.generator(None))
