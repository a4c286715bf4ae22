"""The models that a process holds in memory: one generator and one translator at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from sdrrl_data import generation, translation
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator
from sdrrl_data.recipe import GeneratorConfig, Recipe, TranslatorConfig
from sdrrl_data.steps.server_failures import ServerFailures


@dataclass(frozen=True)
class Models:
    """The functions that identify and load the models of a run; a caller may pass others."""

    identify_generator: Callable[[GeneratorConfig], Ingredient] = generation.identify
    build_generator: Callable[[GeneratorConfig], Generator] = generation.build
    identify_translator: Callable[
        [TranslatorConfig, Language, Language, Callable[[GeneratorConfig | None], Ingredient]], Ingredient
    ] = translation.identify
    build_translator: Callable[
        [TranslatorConfig, Language, Language, Callable[[GeneratorConfig | None], Generator], int], Translator
    ] = translation.build

    def identified(self, generator: Ingredient) -> Callable[[GeneratorConfig | None], Ingredient]:
        """A function that identifies a generator; None: this one, that of the recipe."""
        return lambda config: self.identify_generator(config) if config else generator


class ModelPool:
    """The loaded models of a process. Each is loaded when it is first used, and closed when another needs its memory.

    `failures` notes what servers fail at, whoever asks them.

    Args:
        models: the functions that load them.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self.failures = ServerFailures()
        self._generator: Generator | None = None
        self._generator_config: GeneratorConfig | None = None
        self._translator: Translator | None = None
        self._translates: tuple[TranslatorConfig, Language, Language] | None = None

    def generator(self, config: GeneratorConfig) -> Generator:
        """The generator of this configuration; another one is closed first."""
        if self._generator is None or self._generator_config != config:
            self.close_generator()
            self._generator = self.failures.watched(self._models.build_generator(config))
            self._generator_config = config
        return self._generator

    def translator(self, config: TranslatorConfig, src: Language, tgt: Language, recipe: Recipe) -> Translator:
        """The translator from `src` into `tgt`; first closes another translator, and a generator that is not needed.

        Args:
            config: one of the recipe's translators.
            src: the language of the texts.
            tgt: the language to translate into.
            recipe: has the generator, for a translator that uses it, and the seed.
        """
        if self._translator is None or self._translates != (config, src, tgt):
            self._close_translator()
            if config.asks(recipe.generator) is None:
                self.close_generator()
            self._translator = self._models.build_translator(
                config, src, tgt, lambda other: self.generator(other or recipe.generator), recipe.seed
            )
            self._translates = config, src, tgt
        return self._translator

    def close(self) -> None:
        """Free all memory."""
        self._close_translator()
        self.close_generator()

    def close_generator(self) -> None:
        """Free the generator's memory."""
        if self._generator is not None:
            self._generator.close()
            self._generator = None

    def _close_translator(self) -> None:
        if self._translator is not None:
            self._translator.close()
            self._translator = None
