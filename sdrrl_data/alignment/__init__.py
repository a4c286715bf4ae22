"""Word aligners: one file a kind, which says all of it."""

from collections.abc import Sequence

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Aligner, Ingredient
from sdrrl_data.recipe import AlignerConfig, AlignerContext, TranslatorConfig


def identify(settings: AlignerConfig) -> Ingredient | None:
    """The model or dictionary behind an aligner, found without loading it.

    None for those that learn from the run itself, and for the recipe's translator.

    Raises:
        UserError: it cannot be found.
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
    """Make an aligner. One that learns has yet to be trained, or to load what it has learned.

    Args:
        settings: the aligner's.
        translators: the recipe's. Only `attention` needs them, with an NLLB among them, and the languages.
        src: the language of the source sentences.
        tgt: the language of the target sentences.

    Raises:
        UserError: it cannot be found.
        ValueError: `attention` lacks what it needs.
    """
    return settings.open(AlignerContext(translators, src, tgt))
