"""How likely a model finds texts: exact sums of log-probabilities, many texts at a time."""

import gc
from collections.abc import Sequence
from typing import Any, NamedTuple

from sdrrl_data.chat.messages import ConversationRefused
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.evaluation.rendering import USUAL, Rendering
from sdrrl_data.models import tokenizers
from sdrrl_data.models.context import context_of
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Advance, Message
from sdrrl_data.text.batches import batches

LOGITS = {"cpu": 1 << 27, "cuda": 1 << 30}  # of a batch: rows x columns x vocabulary


class Piece(NamedTuple):
    """Tokens that are scored, and those that stand before them."""

    before: Sequence[int]  # one at least
    tokens: Sequence[int]


class Likelihood:
    """A model that says how likely texts are. Log-probabilities are of base e, in float32; sums in float64."""

    def __init__(self, located: Located, rendering: Rendering = USUAL) -> None:
        """Load the model, in float32 on a CPU and in its own type on a GPU.

        Args:
            located: the model.
            rendering: what its chat template is told.

        Raises:
            UserError: its tokenizer or its weights cannot be loaded.
        """
        import torch
        from transformers import AutoModelForCausalLM

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype: Any = "auto" if self._device == "cuda" else torch.float32
        self._located, self._rendering = located, rendering
        with loading("model", located.name):
            self._tokenizer = tokenizers.load(located)
            self._model, report = AutoModelForCausalLM.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, output_loading_info=True, **located.pinned()
            )
            if report["missing_keys"]:
                raise ValueError(f"its files lack weights, such as {min(report['missing_keys'])}")
        self._model.eval().to(self._device)
        self._context = context_of(self._model.config)

    def of_texts(self, texts: Sequence[str], advance: Advance) -> list[float | None]:
        """The log-probability of each text as the beginning of a document; None where it does not fit or is empty.

        Documents begin with the tokenizer's token for that, or where it has none with the one that ends them, as
        lm-evaluation-harness has it.
        """
        start = self._start()
        return self._sums([Piece(start, self._tokens(text)) for text in texts], advance)

    def of_continuations(self, pairs: Sequence[tuple[str, str]], advance: Advance) -> list[float | None]:
        """The log-probability of each second text after the first, both plain; None where the two do not fit."""
        start = self._start()
        pieces = [Piece([*start, *self._tokens(before)], self._tokens(text)) for before, text in pairs]
        return self._sums(pieces, advance)

    def of_answers(
        self, conversations: Sequence[tuple[Sequence[Message], str]], advance: Advance
    ) -> list[float | None]:
        """The log-probability of each answer (its text alone, not what ends the turn) to the messages before it.

        What the chat template puts before an answer, such as an empty reasoning section, stands there.
        None where the two do not fit, or the chat template refuses the messages.

        Raises:
            UserError: the model has no chat template, or a conversation does not come through it.
        """
        template = ChatTemplate(
            self._tokenizer, f"model {self._located.name}", options=self._rendering.options, date=self._rendering.date
        )
        pieces = []
        for messages, answer in conversations:
            try:
                pieces.append(Piece(*template.answer(messages, answer)))
            except ConversationRefused:
                pieces.append(Piece([], []))
        return self._sums(pieces, advance)

    def close(self) -> None:
        """Give the model's memory back."""
        import torch

        del self._model
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _start(self) -> list[int]:
        tokenizer = self._tokenizer
        start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        return [] if start is None else [start]

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _sums(self, pieces: Sequence[Piece], advance: Advance) -> list[float | None]:
        sums: list[float | None] = [None] * len(pieces)
        fitting = [
            number
            for number, piece in enumerate(pieces)
            if piece.before and piece.tokens and _length(piece) <= self._context
        ]
        advance(len(pieces) - len(fitting))
        room = LOGITS[self._device] // self._model.config.get_text_config().vocab_size
        for batch in batches(fitting, lambda number: _length(pieces[number]), room):
            for number, value in zip(batch, self._batch([pieces[number] for number in batch]), strict=True):
                sums[number] = value
            advance(len(batch))
        return sums

    def _batch(self, pieces: Sequence[Piece]) -> list[float]:
        import torch

        width = max(map(_length, pieces))
        rows = torch.zeros(len(pieces), width, dtype=torch.long)
        real = torch.zeros(len(pieces), width, dtype=torch.long)
        scored = torch.zeros(len(pieces), width, dtype=torch.bool)
        for row, piece in enumerate(pieces):
            rows[row, : _length(piece)] = torch.tensor([*piece.before, *piece.tokens])
            real[row, : _length(piece)] = 1
            scored[row, len(piece.before) : _length(piece)] = True
        with torch.inference_mode():
            inputs = {"input_ids": rows.to(self._device), "attention_mask": real.to(self._device)}
            logits = self._model(**inputs, use_cache=False).logits[:, :-1]
            next_tokens = inputs["input_ids"][:, 1:, None]
            log_probabilities = logits.gather(2, next_tokens)[..., 0].float() - logits.float().logsumexp(2)
            return log_probabilities.double().where(scored[:, 1:].to(self._device), 0.0).sum(1).tolist()  # type: ignore[no-any-return]


def _length(piece: Piece) -> int:
    return len(piece.before) + len(piece.tokens)
