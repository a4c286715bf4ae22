"""Word alignment by a multilingual encoder, without training: words whose embeddings are nearest to each other."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from sdrrl_data.alignment.subwords import BATCH_TOKENS, Pieces, Tokens, linked, memberships, tokenized
from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.models.locating import Located, loading, locate
from sdrrl_data.protocols import Ingredient, Link
from sdrrl_data.recipe import AlignerConfig, AlignerContext, Model, Shapeless
from sdrrl_data.recipe.config import Positive

# Of the softmax, in standard deviations of a pair's cosines, since their spread depends on the encoder and the layer.
TEMPERATURE = 0.5


class EmbeddingConfig(AlignerConfig):
    """Words whose embeddings are nearest to each other, by a multilingual encoder."""

    kind: Literal["embedding"] = "embedding"
    model: Annotated[str, Model()] = "google-bert/bert-base-multilingual-cased"
    revision: Annotated[str | None, Shapeless()] = None
    layer: Positive = 8  # the layer whose hidden states are compared

    extra = "nllb"
    gpu = True

    def identify(self) -> Ingredient:
        """The encoder, by its commit or a digest of its directory.

        Raises:
            UserError: a package is not installed, or the model cannot be found.
        """
        missing = [package for package in ("transformers", "torch") if not find_spec(package)]
        if missing:
            raise NotInstalled(
                f"aligner embedding needs {' and '.join(missing)}: pip install 'sdrrl-data[nllb]'", "nllb"
            )
        located = _locate(self)
        engine = f"transformers {version('transformers')}"
        return Ingredient("aligner", located.name, located.revision, located.licence, engine)

    def open(self, context: AlignerContext) -> "EmbeddingAligner":
        """Load the encoder, and return the aligner."""
        return EmbeddingAligner(self)


class EmbeddingAligner:
    """Links words that are nearest to each other, and neighbours of these that are near to no other word.

    A word's embedding is the mean of its subwords' hidden states at one layer; near words have a high cosine. The
    softmaxes of the cosines, over the target words and over the source words, are the probabilities from which the
    confidence is computed. So it is low if another word is nearly as near. Words beyond the encoder's longest input get
    no links.

    Source: mutual argmax from SimAlign (Jalili Sabet et al. 2020, https://arxiv.org/abs/2004.08728, section 2), the
    softmax in both directions from Dou and Neubig (2021, https://arxiv.org/abs/2101.08231, section 2).
    """

    learns = False

    def __init__(self, settings: EmbeddingConfig) -> None:
        """Load the encoder.

        Raises:
            UserError: the model cannot be found or loaded, is not an encoder, or has too few layers.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        located = _locate(settings)
        self._layer = settings.layer
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()  # a warning that the checkpoint also has a head would not help
        try:
            with loading("aligner", located.name):
                # A text may contain a special token: it is then an ordinary word.
                self._tokenizer = AutoTokenizer.from_pretrained(
                    located.path, split_special_tokens=True, add_prefix_space=True, **located.pinned()
                )
                self._model, report = AutoModel.from_pretrained(
                    located.path,
                    dtype=torch.float16 if self._device == "cuda" else torch.float32,
                    use_safetensors=True,
                    output_loading_info=True,
                    **located.pinned(),
                )
        finally:
            logging.set_verbosity(verbosity)
        _check(self._model.config, self._tokenizer, report["missing_keys"], self._layer, located.name)
        self._model.to(self._device).eval()
        self._longest = min(self._tokenizer.model_max_length, _positions(self._model))

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Do nothing: it does not learn from pairs."""

    def save(self, folder: Path) -> None:
        """Do nothing: there is nothing to save."""

    def load(self, folder: Path) -> None:
        """Do nothing: there is nothing to load."""

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token, then target token."""
        sources, targets = (
            tokenized(self._tokenizer, [pair[side] for pair in pairs], self._longest) for side in (0, 1)
        )
        return linked(sources, targets, self._compare, BATCH_TOKENS[self._device])

    def _compare(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for source, target in zip(self._embeddings(sources), self._embeddings(targets), strict=True):
            cosines = source @ target.T
            # If both sentences have one word, there is only one cosine, and the deviation is 0.
            scaled = cosines / max(TEMPERATURE * float(cosines.std()), 1e-6)
            yield _softmax(scaled), _softmax(scaled.T).T

    def _embeddings(self, sentences: Sequence[Pieces]) -> Iterator[np.ndarray]:
        """For each sentence: unit vectors (words with subwords x dimensions)."""
        import torch

        ids = {"input_ids": [sentence.ids for sentence in sentences]}
        padded = self._tokenizer.pad(ids, padding_side="right", return_tensors="pt")
        with torch.inference_mode():
            output = self._model(**padded.to(self._device), output_hidden_states=True)
        states = output.hidden_states[self._layer].float().cpu().numpy()
        for sentence, rows in zip(sentences, states, strict=True):
            # The sum has the same direction as the mean.
            vectors = memberships(sentence) @ rows[: len(sentence.ids)]
            yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _softmax(rows: np.ndarray) -> np.ndarray:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _check(config: Any, tokenizer: Any, missing: Iterable[str], layer: int, name: str) -> None:
    if config.is_encoder_decoder:
        raise UserError(f"aligner {name} has a decoder: choose a model without one, such as BERT or XLM-R")
    if not tokenizer.is_fast:
        raise UserError(
            f"aligner {name} has no fast tokenizer, which is needed to find the subwords of a word: "
            "choose another encoder"
        )
    # The pooler comes after all layers, so that it is not needed.
    if needed := [weight for weight in missing if not weight.startswith("pooler.")]:
        raise UserError(f"aligner {name} has no weights for {needed[0]}: its files do not fit its architecture")
    if layer > config.num_hidden_layers:
        raise UserError(
            f"aligner {name} has {config.num_hidden_layers} layers: "
            f"set code_switching.aligner.layer to one of them, not to {layer}"
        )


def _positions(model: Any) -> int:
    """The encoder's longest input, in tokens."""
    import torch

    positions = int(model.config.max_position_embeddings)
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    # RoBERTa and similar models count positions from the number after the padding token.
    unused = [1 + table.padding_idx for table in tables if table.num_embeddings == positions and table.padding_idx]
    return positions - max(unused, default=0)


def _locate(settings: EmbeddingConfig) -> Located:
    return locate(settings.model, settings.revision, "aligner", "--set code_switching.aligner.model=DIR")
