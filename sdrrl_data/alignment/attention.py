"""Word alignment by the cross-attention of the NLLB translator."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np

from sdrrl_data.alignment.subwords import BATCH_TOKENS, Pieces, Tokens, linked, memberships, tokenized
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models.locating import loading, locate
from sdrrl_data.protocols import Link
from sdrrl_data.recipe import AlignerConfig, AlignerContext
from sdrrl_data.recipe.config import Positive

if TYPE_CHECKING:
    from transformers import BatchEncoding


class NllbSettings(Protocol):
    """The settings of an NLLB translator that name its model."""

    @property
    def model(self) -> str:
        """A directory, or a name on the Hub."""
        ...

    @property
    def revision(self) -> str | None:
        """A revision on the Hub."""
        ...


class AttentionConfig(AlignerConfig):
    """The cross-attention of the recipe's NLLB translator."""

    kind: Literal["attention"] = "attention"
    layer: Positive | None = None  # of the decoder; None: for each pair, the layer where both directions agree best

    extra = "nllb"
    gpu = True
    needs_translator = "nllb"

    def identify(self) -> None:
        """None, since the model is the translator's."""

    def open(self, context: AlignerContext) -> "AttentionAligner":
        """Load the translator's model, and return the aligner.

        Raises:
            UserError: the model cannot be found or loaded.
            ValueError: there is no NLLB translator, or a language is missing.
        """
        src, tgt = context.src, context.tgt
        nllb = next(
            (translator for translator in context.translators if translator.kind == self.needs_translator), None
        )
        if not (nllb and src and tgt):
            raise ValueError("the aligner attention needs an NLLB translator and both languages")
        return AttentionAligner(self, cast(NllbSettings, nllb), src, tgt)


class AttentionAligner:
    """Links words that attend to each other most, and neighbours of these that attend mostly to one of them.

    The model reads one sentence and is forced to write the other, in both directions. The attention of a written word
    is the mean over its subwords and over the heads of one decoder layer, without the attention to the language code
    and the end. These shares are the probabilities from which the confidence is computed.

    Some layers attend to the counterpart of the subword that comes next, others (mostly lower layers) to the
    counterpart of the subword that came last. So both are computed for each layer, and for each pair of sentences,
    those are used for which the two directions agree best. Words beyond the model's longest input get no links.

    Source: Chen et al. 2020, https://arxiv.org/abs/2004.14837 (Shift-Att, and layers chosen by the agreement of both
    directions; there for a whole corpus).
    """

    learns = False

    def __init__(self, settings: AttentionConfig, translator: NllbSettings, src: Language, tgt: Language) -> None:
        """Load the model. The translator has already checked that it knows both languages.

        Raises:
            UserError: the model cannot be found or loaded, or has too few layers.
        """
        import torch
        from transformers import AutoTokenizer, M2M100Model

        located = locate(translator.model, translator.revision, "translator", "--translator nllb:DIR")
        self._codes = (src.flores, tgt.flores)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        with loading("the tokenizer of translator", located.name):
            # A text may contain a language code or an end token: these are then ordinary words.
            self._tokenizer = AutoTokenizer.from_pretrained(located.path, split_special_tokens=True, **located.pinned())
        with loading("translator", located.name):
            self._model = M2M100Model.from_pretrained(
                located.path,
                attn_implementation="eager",  # the others do not return the attention
                dtype=torch.float16 if self._device == "cuda" else torch.float32,
                use_safetensors=True,
                **located.pinned(),
            ).to(self._device)
        self._model.eval()
        self._layers = list(self._model.decoder.layers)
        if settings.layer:
            if settings.layer > len(self._layers):
                raise UserError(
                    f"translator {located.name} has {len(self._layers)} decoder layers: "
                    f"set code_switching.aligner.layer to one of them, not to {settings.layer}"
                )
            self._layers = [self._layers[settings.layer - 1]]

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Do nothing: it does not learn from pairs."""

    def save(self, folder: Path) -> None:
        """Do nothing: there is nothing to save."""

    def load(self, folder: Path) -> None:
        """Do nothing: there is nothing to load."""

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token, then target token."""
        sources, targets = (self._tokenized([pair[side] for pair in pairs], side) for side in (0, 1))
        return linked(sources, targets, self._compare, BATCH_TOKENS[self._device])

    def _tokenized(self, sentences: Sequence[Tokens], side: int) -> list[Pieces]:
        self._tokenizer.src_lang = self._codes[side]
        return tokenized(self._tokenizer, sentences, self._model.config.max_position_embeddings)

    def _compare(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for to_source, to_target in zip(
            self._attention(targets, sources), self._attention(sources, targets), strict=True
        ):
            both = [(forward, backward.T) for forward, backward in zip(to_source, to_target, strict=True)]
            yield max(both, key=lambda pair: float((pair[0] * pair[1]).sum()))

    def _attention(self, read: Sequence[Pieces], written: Sequence[Pieces]) -> Iterator[list[np.ndarray]]:
        """For each pair, layer and step: the attention of the written words (written x read words, rows sum to 1)."""
        import torch

        encoded = self._padded([sentence.ids for sentence in read])
        # The decoder's input begins with an end token; then come the language code and the subwords.
        decoded = self._padded([[self._model.config.decoder_start_token_id, *sentence.ids] for sentence in written])
        means: list[np.ndarray] = []
        hooks = [
            layer.encoder_attn.register_forward_hook(
                lambda _, __, output: means.append(output[1].float().mean(dim=1).cpu().numpy())
            )
            for layer in self._layers
        ]
        with torch.inference_mode():
            states = self._model.encoder(**encoded).last_hidden_state
            self._model.decoder(
                **decoded,
                encoder_hidden_states=states,
                encoder_attention_mask=encoded["attention_mask"],
                use_cache=False,
            )
        for hook in hooks:
            hook.remove()
        for number, (written_pieces, read_pieces) in enumerate(zip(written, read, strict=True)):
            source_words, target_words = memberships(written_pieces), memberships(read_pieces).T
            length = len(written_pieces.ids)
            matrices = []
            for mean in means:
                for step in (0, 1):  # the attention before a subword is written, and after it
                    attended = source_words @ mean[number, step : step + length, : len(read_pieces.ids)] @ target_words
                    # The sum is 0 if all attention is on the code and the end.
                    matrices.append(attended / attended.sum(axis=1, keepdims=True).clip(min=1e-6))
            yield matrices

    def _padded(self, ids: list[list[int]]) -> "BatchEncoding":
        return self._tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self._device)
