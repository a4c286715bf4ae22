"""Translators: one file for each kind, with everything about it."""

from collections.abc import Callable

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator
from sdrrl_data.recipe import TranslatorConfig, TranslatorContext


def identify(settings: TranslatorConfig, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
    """Identify the translator without loading it.

    Args:
        settings: of the translator.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: the run's generator, which may also be the translator.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.identify(src, tgt, generator)


def build(
    settings: TranslatorConfig, src: Language, tgt: Language, generator: Callable[[], Generator], seed: int
) -> Translator:
    """Load the translator from `src` into `tgt`.

    Args:
        settings: of the translator.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: returns the run's generator; called only if that is the translator.
        seed: the recipe's seed, for translators that draw random numbers.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.open(TranslatorContext(src, tgt, generator, seed))
