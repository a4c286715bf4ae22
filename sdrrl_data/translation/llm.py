"""Another language model than the generator as a translator: a chat model, or one that was trained to translate."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, TranslatorContext
from sdrrl_data.translation.prompted import PromptedConfig, PromptedTranslator


class LlmConfig(PromptedConfig, GeneratorConfig):
    """Another language model, through vLLM, transformers or a server."""

    kind: Literal["llm"] = "llm"
    system_prompt: str | None = None  # before the examples and the text

    role = "translator"
    argument = ("model", "MODEL")

    def asks(self, of_run: GeneratorConfig | None = None) -> GeneratorConfig:
        """The model, as a generator."""
        return GeneratorConfig.model_validate({name: getattr(self, name) for name in GeneratorConfig.model_fields})

    def identify(
        self, src: Language, tgt: Language, generator: Callable[[GeneratorConfig | None], Ingredient]
    ) -> Ingredient:
        """The model."""
        return replace(generator(self.asks()), role="translator")

    def open(self, context: TranslatorContext) -> PromptedTranslator:
        """The translator."""
        return PromptedTranslator(self, context, context.generator(self.asks()), self.system_prompt)
