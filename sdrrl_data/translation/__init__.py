"""Translators: one file a kind."""

from collections.abc import Callable

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Generator, Ingredient, Translator


def identify(settings: recipe.TranslatorConfig, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
    """What would translate, found without loading it.

    Args:
        settings: the translator's.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: the run's, which may translate too.

    Raises:
        UserError: the translator cannot be had, or does not know the pair.
    """
    match settings:
        case recipe.FirefoxConfig():
            from sdrrl_data.translation import firefox

            return firefox.identify(settings, src, tgt)
        case recipe.NllbConfig():
            from sdrrl_data.translation import nllb

            return nllb.identify(settings, src, tgt)
        case recipe.SelfTranslationConfig():
            return Ingredient("translator", generator.name, generator.revision, generator.licence, generator.engine)


def build(
    settings: recipe.TranslatorConfig, src: Language, tgt: Language, generator: Callable[[], Generator], seed: int
) -> Translator:
    """Load the translator from `src` into `tgt`.

    Args:
        settings: the translator's.
        src: the language of the texts.
        tgt: the language that they are translated into.
        generator: gives the run's; called only where it is to translate.
        seed: the recipe's, for what a translator draws.

    Raises:
        UserError: the translator cannot be had, or does not know the pair.
    """
    match settings:
        case recipe.FirefoxConfig():
            from sdrrl_data.translation.firefox import FirefoxTranslator

            return FirefoxTranslator(settings, src, tgt)
        case recipe.NllbConfig():
            from sdrrl_data.translation.nllb import NllbTranslator

            return NllbTranslator(settings, src, tgt)
        case recipe.SelfTranslationConfig():
            from sdrrl_data.translation.self_translation import SelfTranslator

            return SelfTranslator(settings, src, tgt, generator(), seed)
