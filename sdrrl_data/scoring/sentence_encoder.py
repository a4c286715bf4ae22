"""Encoders of the library sentence-transformers, through torch or CTranslate2."""

import gc
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sdrrl_data.errors import UserError
from sdrrl_data.models import hub
from sdrrl_data.models.locating import Located, loading, made_once
from sdrrl_data.run.disk import on_disk
from sdrrl_data.scoring.encoder_states import CONVERSION, PRECISION, PROBES, EncoderStates, save
from sdrrl_data.scoring.packaged_encoder import PREFIX

if TYPE_CHECKING:
    import torch

BATCH = {"cuda": 256, "cpu": 32}  # sentences of similar length
BATCH_OF_STATES = 128  # which are cut into smaller batches by their tokens

# The E5 family was trained with prefixes, and needs this one if both texts are of the same kind. The versions that take
# instructions need none for the sentences of a bitext.
_E5 = re.compile(r"(^|[-_/])e5(?=[-_]|$)(?!.*instruct)", re.IGNORECASE)

# The architectures that CTranslate2 can run, by transformers' name, with the class that converts them. XLM-R and
# CamemBERT have the modules of RoBERTa.
LOADERS = {
    "bert": "BertLoader",
    "camembert": "RobertaLoader",
    "distilbert": "DistilBertLoader",
    "roberta": "RobertaLoader",
    "xlm-roberta": "RobertaLoader",
}
ACTIVATIONS = {"gelu", "gelu_new", "gelu_fast", "relu", "silu", "swish"}

# Vectors of a good encoder in int8 have a cosine of 0.99 and more with those in single precision; of one that was
# converted wrongly, far less.
LEAST_COSINE = 0.95


class SentenceEncoder:
    """A sentence-transformers model; on a GPU, if there is one, in half precision.

    A sentence that is too long for the model is cut. Texts get the default prompt of the model's configuration; in the
    E5 family, whose configuration has none, they get its prefix.
    """

    def __init__(self, located: Located) -> None:
        """Load it.

        Raises:
            UserError: it cannot be loaded.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._batch = BATCH[self._device]
        self._prefix = PREFIX if _E5.search(located.name) else None
        with loading("scorer", located.name):
            self._model = SentenceTransformer(
                located.path,
                device=self._device,
                model_kwargs={
                    "dtype": torch.float16 if self._device == "cuda" else torch.float32,
                    "use_safetensors": True,
                },
                local_files_only=not located.on_hub,
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
            list(texts), prompt=self._prefix, batch_size=self._batch, show_progress_bar=False
        )
        return vectors.astype(np.float32)


class ConvertedSentenceEncoder(SentenceEncoder):
    """The same on the CPU, with the hidden states from CTranslate2: only tokens and pooling remain as they are."""

    def __init__(self, located: Located) -> None:
        """Load it, and convert it first if it was not converted before.

        Raises:
            UserError: it cannot be loaded, or is another encoder once it is converted.
            DiskFailed: the converted encoder cannot be written.
        """
        super().__init__(located)
        self._batch = BATCH_OF_STATES
        name = "--".join([*located.name.split("/"), located.revision, PRECISION, CONVERSION])
        folder = made_once(name, lambda folder: self._convert(located, folder))
        self._states = EncoderStates(folder, located.name)
        self._replace_states(self._states)

    def close(self) -> None:
        """Free the model's memory."""
        super().close()
        self._states.close()

    def _convert(self, located: Located, folder: Path) -> None:
        expected = self.encode(PROBES)
        try:
            spec, vocabulary = _spec(self._model[0].model)
        except (AssertionError, AttributeError, KeyError, ValueError, NotImplementedError) as error:
            raise _unfit(located, str(error)) from error
        with on_disk(folder):
            save(spec, vocabulary, self._model.tokenizer(list(PROBES))["input_ids"], folder)
        states = EncoderStates(folder, located.name)
        original = self._replace_states(states)
        cosines = (self.encode(PROBES) * expected).sum(axis=1)
        self._model[0].model = original
        states.close()
        if not cosines.min() >= LEAST_COSINE:
            raise _unfit(located, f"a vector then has a cosine of {cosines.min():.2f} with what it should be")

    def _replace_states(self, states: EncoderStates) -> "torch.nn.Module":
        """Let CTranslate2 compute the hidden states; returns the module that did so before."""
        replaced: torch.nn.Module = self._model[0].model
        self._model[0].model = _module(states, replaced.config)
        return replaced


def can_convert(located: Located) -> bool:
    """Whether CTranslate2 can run the encoder, by its configuration.

    Raises:
        UserError: the configuration cannot be downloaded.
    """
    folder = Path(located.path)
    if located.on_hub:
        with hub.downloads(f"scorer {located.name}"):
            folder = hub.download("model", located.name, located.revision, ["config.json"])
    config: Any = None
    with suppress(ValueError, RecursionError):
        config = json.loads((folder / "config.json").read_text("utf-8"))
    return isinstance(config, dict) and _has_known_parts(config)


def on_gpu() -> bool:
    """Whether torch would use a GPU, without loading it."""
    import ctranslate2

    try:
        return ctranslate2.get_cuda_device_count() > 0 or "rocm" in version("torch")
    except PackageNotFoundError:
        return False


def _has_known_parts(config: Mapping[str, Any]) -> bool:
    activation = config.get("hidden_act", config.get("activation", "gelu"))
    return (
        config.get("model_type") in LOADERS
        and activation in ACTIVATIONS
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and not config.get("output_hidden_states")
    )


def _spec(model: Any) -> tuple[Any, int]:
    """The weights of a transformers model as CTranslate2 takes them, and the size of its vocabulary."""
    from ctranslate2.converters import transformers as converters

    config = model.config
    # transformers 5 has no other kind, and no longer names it.
    config.position_embedding_type = getattr(config, "position_embedding_type", "absolute")
    loader = getattr(converters, LOADERS[config.model_type])()
    spec = loader.get_model_spec(model)
    spec.config.layer_norm_epsilon = getattr(config, "layer_norm_eps", 1e-12)  # DistilBERT's is fixed
    return spec, config.vocab_size


def _module(states: EncoderStates, config: Any) -> "torch.nn.Module":
    """A module that takes and returns what a transformers encoder does."""
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    class States(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.config = config

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any) -> BaseModelOutput:
            places = attention_mask.bool()
            texts = [ids[places_of_text].tolist() for ids, places_of_text in zip(input_ids, places, strict=True)]
            padded = torch.zeros(*input_ids.shape, config.hidden_size)
            for numbers, batch in states.states(texts):
                for number, rows in zip(numbers, torch.from_numpy(batch), strict=True):
                    padded[number, places[number]] = rows[: len(texts[number])]
            return BaseModelOutput(last_hidden_state=padded)

    return States()


def _unfit(located: Located, reason: str) -> UserError:
    return UserError(
        f"scorer {located.name} cannot be converted for CTranslate2 ({reason}): "
        "set `engine: native` for scorer similarity"
    )
