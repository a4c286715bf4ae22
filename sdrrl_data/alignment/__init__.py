"""Word aligners: one file a kind."""

from collections.abc import Sequence
from importlib.util import find_spec

from sdrrl_data import recipe
from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Aligner, Ingredient


def identify(settings: recipe.AlignerConfig) -> Ingredient | None:
    """The model or dictionary behind an aligner, found without loading it.

    None for those that learn from the run itself, and for the recipe's translator.

    Raises:
        UserError: it cannot be had.
    """
    match settings:
        case recipe.EflomalConfig() if not find_spec("thot"):
            raise NotInstalled("aligner eflomal needs sil-thot: pip install 'sdrrl-data[eflomal]'", "eflomal")
        case recipe.DictionaryConfig():
            from sdrrl_data.alignment import dictionary

            return dictionary.identify(settings)
        case recipe.EmbeddingConfig():
            from sdrrl_data.alignment import embedding

            return embedding.identify(settings)
        case _:
            return None


def build(
    settings: recipe.AlignerConfig,
    translators: Sequence[recipe.TranslatorConfig] = (),
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
        UserError: it cannot be had.
        ValueError: `attention` lacks what it needs.
    """
    match settings:
        case recipe.HmmConfig():
            from sdrrl_data.alignment.hmm import HmmAligner

            return HmmAligner(settings)
        case recipe.EflomalConfig():
            from sdrrl_data.alignment.eflomal import EflomalAligner

            return EflomalAligner()
        case recipe.DictionaryConfig():
            from sdrrl_data.alignment.dictionary import DictionaryAligner

            return DictionaryAligner(settings)
        case recipe.EmbeddingConfig():
            from sdrrl_data.alignment.embedding import EmbeddingAligner

            return EmbeddingAligner(settings)
        case recipe.AttentionConfig():
            from sdrrl_data.alignment.attention import AttentionAligner

            nllb = next((own for own in translators if isinstance(own, recipe.NllbConfig)), None)
            if not (nllb and src and tgt):
                raise ValueError("the aligner attention needs an NLLB translator and both languages")
            return AttentionAligner(settings, nllb, src, tgt)
