"""Word aligners: one file for each kind, with everything about it."""

from collections.abc import Sequence

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Aligner, Ingredient
from sdrrl_data.recipe import AlignerConfig, AlignerContext, TranslatorConfig


def identify(settings: AlignerConfig) -> Ingredient | None:
    """Identify the model or the dictionary of an aligner without loading it.

    None if the aligner learns from the run, or uses the model of the recipe's translator.

    Raises:
        UserError: the model or the dictionary cannot be found.
    """
    ingredient = settings.identify()
    settings.checked([ingredient] if ingredient else [])
    return ingredient


def build(
    settings: AlignerConfig,
    translators: Sequence[TranslatorConfig] = (),
    src: Language | None = None,
    tgt: Language | None = None,
) -> Aligner:
    """Open an aligner. If it learns, it must then be trained, or load what it learned before.

    Args:
        settings: of the aligner.
        translators: of the recipe. Only `attention` needs them, an NLLB translator among them, and the languages.
        src: the language of the source sentences.
        tgt: the language of the target sentences.

    Raises:
        UserError: its model or dictionary cannot be found.
        ValueError: `attention` got no NLLB translator, or not both languages.
    """
    return settings.open(AlignerContext(translators, src, tgt))
