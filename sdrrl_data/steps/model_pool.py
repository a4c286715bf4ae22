"""What a run holds in memory: its generator, and one translator at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from sdrrl_data import generation, recipe, translation
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator


@dataclass(frozen=True)
class Models:
    """What finds and loads the models of a run; a caller may bring its own."""

    identify_generator: Callable[[recipe.GeneratorConfig], Ingredient] = generation.identify
    build_generator: Callable[[recipe.GeneratorConfig], Generator] = generation.build
    identify_translator: Callable[[recipe.TranslatorConfig, Language, Language, Ingredient], Ingredient] = (
        translation.identify
    )
    build_translator: Callable[
        [recipe.TranslatorConfig, Language, Language, Callable[[], Generator], int], Translator
    ] = translation.build


class InMemory:
    """The loaded models of a run. Each is loaded when it is first wanted, and gives way when its room is."""

    def __init__(self, models: Models, settings: recipe.Recipe) -> None:
        self._models = models
        self._settings = settings
        self._generator: Generator | None = None
        self._generates: recipe.GeneratorConfig | None = None
        self._translator: Translator | None = None
        self._translates: tuple[recipe.TranslatorConfig, Language, Language] | None = None

    def generator(self, settings: recipe.GeneratorConfig | None = None) -> Generator:
        """A generator, the run's own by default; another one that was there is closed."""
        settings = settings or self._settings.generator
        if self._generator is None or self._generates != settings:
            self.close_generator()
            self._generator = self._models.build_generator(settings)
            self._generates = settings
        return self._generator

    def translator(self, settings: recipe.TranslatorConfig, src: Language, tgt: Language) -> Translator:
        """The translator from `src` into `tgt`; the one before, and a generator that does not translate, are closed."""
        if self._translator is None or self._translates != (settings, src, tgt):
            self._close_translator()
            if not settings.uses_generator:
                self.close_generator()
            self._translator = self._models.build_translator(settings, src, tgt, self.generator, self._settings.seed)
            self._translates = settings, src, tgt
        return self._translator

    def close(self) -> None:
        """Give back everything."""
        self._close_translator()
        self.close_generator()

    def close_generator(self) -> None:
        """Give back what the generator holds: the memory is wanted by others."""
        if self._generator is not None:
            self._generator.close()
            self._generator = None

    def _close_translator(self) -> None:
        if self._translator is not None:
            self._translator.close()
            self._translator = None
