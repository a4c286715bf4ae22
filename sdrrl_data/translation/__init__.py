"""Translators: one file a kind."""

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient, Translator


def identify(settings: recipe.Translator, src: Language, tgt: Language) -> Ingredient:
    """What would translate, found without loading it.

    Raises:
        UserError: the translator cannot be had, or does not know the pair.
    """
    if isinstance(settings, recipe.Firefox):
        from sdrrl_data.translation import firefox

        return firefox.identify(settings, src, tgt)
    from sdrrl_data.translation import nllb

    return nllb.identify(settings, src, tgt)


def build(settings: recipe.Translator, src: Language, tgt: Language) -> Translator:
    """Load the translator from `src` into `tgt`.

    Raises:
        UserError: the translator cannot be had, or does not know the pair.
    """
    if isinstance(settings, recipe.Firefox):
        from sdrrl_data.translation.firefox import FirefoxTranslator

        return FirefoxTranslator(settings, src, tgt)
    from sdrrl_data.translation.nllb import NllbTranslator

    return NllbTranslator(settings, src, tgt)
