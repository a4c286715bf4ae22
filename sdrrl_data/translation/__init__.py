"""Translators: one file for each kind, with everything about it."""

from collections.abc import Callable

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator
from sdrrl_data.recipe import GeneratorConfig, TranslatorConfig, TranslatorContext


def identify(
    settings: TranslatorConfig, src: Language, tgt: Language, generator: Callable[[GeneratorConfig | None], Ingredient]
) -> Ingredient:
    """Identify the translator without loading it.

    Args:
        settings: of the translator.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: identifies a generator without loading it; None: that of the recipe.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.identify(src, tgt, generator)


def build(
    settings: TranslatorConfig,
    src: Language,
    tgt: Language,
    generator: Callable[[GeneratorConfig | None], Generator],
    seed: int,
) -> Translator:
    """Load the translator from `src` into `tgt`.

    Args:
        settings: of the translator.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: returns a generator; None: that of the recipe. Called only if it translates.
        seed: the recipe's seed, for translators that draw random numbers.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.open(TranslatorContext(src, tgt, generator, seed))
