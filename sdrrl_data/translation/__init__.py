"""Translators: one file a kind, which says all of it."""

from collections.abc import Callable

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator
from sdrrl_data.recipe import TranslatorConfig, TranslatorContext


def identify(settings: TranslatorConfig, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
    """What would translate, found without loading it.

    Args:
        settings: the translator's.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: the run's, which may translate too.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.identify(src, tgt, generator)


def build(
    settings: TranslatorConfig, src: Language, tgt: Language, generator: Callable[[], Generator], seed: int
) -> Translator:
    """Load the translator from `src` into `tgt`.

    Args:
        settings: the translator's.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: gives the run's; called only where it is to translate.
        seed: the recipe's, for what a translator draws.

    Raises:
        UserError: the translator cannot be found, or does not know the pair.
    """
    return settings.open(TranslatorContext(src, tgt, generator, seed))
