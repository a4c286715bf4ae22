"""Sequence classifiers of transformers with one output, and the conversations that they read."""

import gc
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sdrrl_data.chat.messages import ConversationRefused
from sdrrl_data.chat.template import ChatTemplate, has_template
from sdrrl_data.errors import UserError
from sdrrl_data.models import tokenizers
from sdrrl_data.models.context import context_of
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Advance, Message
from sdrrl_data.text.batches import batches

AUTO = "AutoModelForSequenceClassification"
BATCH_TOKENS = {"cuda": 16_384, "cpu": 2048}  # with padding
MOST_PADDING = 0.1  # of a batch
DECIMALS = 4  # of a reward: what stands behind them depends on the batch, for floats are added in another order


class Answered(NamedTuple):
    """An answer, and the conversation that it ends."""

    messages: Sequence[Message]
    text: str


class Encoded(NamedTuple):
    """The tokens of an answered conversation."""

    ids: list[int]
    types: list[int] | None = None  # of each token: 0 in the question, 1 in the answer; None: the model reads none


class RewardModel:
    """Any model of transformers' class for sequence classification with one output, without code of its own.

    Conversations are rendered by the model's chat template. A model without one gets question and answer as a pair of
    texts, if its tokenizer marks where the second begins (Köpf et al. 2023, https://arxiv.org/abs/2304.07327).
    """

    def __init__(self, located: Located, template: str | None = None) -> None:
        """Load it: in float32 on a CPU, in its own type on a GPU.

        Args:
            located: where it is.
            template: a chat template (Jinja) in the place of the tokenizer's.

        Raises:
            UserError: it cannot be loaded, has several outputs, or runs code of its own.
        """
        import torch
        from transformers import AutoConfig, AutoModelForSequenceClassification

        self._name = f"scorer {located.name}"
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        with loading("scorer", located.name):
            config = AutoConfig.from_pretrained(located.path, **located.pinned())
        _refuse_unfit(config, self._name)
        with loading("the tokenizer of scorer", located.name):
            self._tokenizer = tokenizers.load(located)
        # Before the weights, which take longer.
        self._encode = self._reader(template)
        dtype: Any = "auto" if self._device == "cuda" else torch.float32
        with loading("scorer", located.name):
            self._model, report = AutoModelForSequenceClassification.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, output_loading_info=True, **located.pinned()
            )
            if missing := sorted(report["missing_keys"]):
                raise ValueError(f"it is no reward model: its files lack weights, such as {missing[0]}")
        self._model.eval().to(self._device)
        self._model.config.use_cache = False  # nothing is written
        self._longest = min(context_of(config) - _offset(self._model), self._tokenizer.model_max_length)
        padding, self._vocabulary = self._text_config.pad_token_id, self._text_config.vocab_size
        self._pads: int | None = padding if padding is not None and 0 <= padding < self._vocabulary else None

    def rewards(self, answers: Sequence[Answered], advance: Advance) -> list[float | None]:
        """The reward of each answer; None where it cannot be rendered, or is too long.

        Args:
            answers: in any order; those of similar length are computed together.
            advance: called with the number of answers done.
        """
        encoded = [self._encoded(answer) for answer in answers]
        readable = {number: text for number, text in enumerate(encoded) if text and len(text.ids) <= self._longest}
        if refused := len(answers) - len(readable):
            self._warn(refused, len(answers))
            advance(refused)
        rewards: list[float | None] = [None] * len(answers)
        by_length = batches(
            readable, lambda number: len(readable[number].ids), BATCH_TOKENS[self._device], padding_share=MOST_PADDING
        )
        for numbers in by_length:
            for number, reward in zip(numbers, self._of_batch([readable[number] for number in numbers]), strict=True):
                rewards[number] = round(reward, DECIMALS)
            advance(len(numbers))
        return rewards

    def close(self) -> None:
        """Free the model's memory."""
        import torch

        del self._model
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _reader(self, template: str | None) -> Callable[[Answered], Encoded]:
        """How the model reads an answered conversation."""
        if template or has_template(self._tokenizer):
            chat = ChatTemplate(self._tokenizer, self._name, template, setting="template of scorer reward")
            if chat.doubt:
                logging.getLogger(__name__).warning(chat.doubt)
            return lambda answer: Encoded(chat.answered(answer.messages, answer.text))
        marks = [self._tokenizer.num_special_tokens_to_add(pair=pair) for pair in (False, True)]
        if marks[1] <= marks[0]:
            raise UserError(
                f"{self._name} has no chat template, and its tokenizer does not mark where an answer begins: set "
                "`template` of scorer reward to the chat template that it was trained with"
            )
        return self._pair

    def _pair(self, answer: Answered) -> Encoded:
        question = "\n\n".join(message["content"] for message in answer.messages)
        encoded = self._tokenizer(question, answer.text, verbose=False)  # without a word about its length
        return Encoded(encoded["input_ids"], encoded.get("token_type_ids"))

    def _encoded(self, answer: Answered) -> Encoded | None:
        try:
            return self._encode(answer)
        except ConversationRefused:
            return None

    def _of_batch(self, texts: Sequence[Encoded]) -> list[float]:
        """The rewards of texts that are computed together, padded on the right, where positions stay what they are."""
        import torch

        width = max(len(text.ids) for text in texts)
        padding = self._padding(texts)
        if padding is None and len(texts) > 1:
            return [reward for text in texts for reward in self._of_batch([text])]

        def padded(values: Iterable[Sequence[int]], value: int) -> torch.Tensor:
            rows = [[*row, *[value] * (width - len(row))] for row in values]
            return torch.tensor(rows, device=self._device)

        inputs = {
            "input_ids": padded((text.ids for text in texts), padding or 0),
            "attention_mask": padded(([1] * len(text.ids) for text in texts), 0),
        }
        if types := [text.types for text in texts if text.types is not None]:
            inputs["token_type_ids"] = padded(types, 0)
        with torch.inference_mode():
            logits = self._model(**inputs).logits
        return [float(logit) for logit in logits[:, 0].float()]

    def _padding(self, texts: Sequence[Encoded]) -> int | None:
        """The token to pad with; None if there is none.

        Decoders take the state at the last token that is not the model's token for padding. Of a model that names none,
        or one that is no token, that is the end of the text: so it is padded with a token that no text has.
        """
        if self._pads is not None:
            return self._pads
        used = {token for text in texts for token in text.ids}
        unused = next((token for token in range(self._vocabulary) if token not in used), None)
        self._text_config.pad_token_id = unused
        return unused

    @property
    def _text_config(self) -> Any:
        return self._model.config.get_text_config()

    def _warn(self, refused: int, of: int) -> None:
        logging.getLogger(__name__).warning(
            "%s: %d of %d answers have no reward, because they are longer than %d tokens with their questions, or its "
            "chat template refuses them",
            self._name,
            refused,
            of,
            self._longest,
        )


def _refuse_unfit(config: Any, name: str) -> None:
    """Refuse a model that transformers itself would load as something else.

    Raises:
        UserError: it needs code of its own, or has several outputs.
    """
    if AUTO in (getattr(config, "auto_map", None) or {}):
        raise UserError(f"{name} runs code of its own, which is not run here: choose a model of transformers' classes")
    if config.num_labels != 1:
        labels = ", ".join(str(label) for label in list(config.id2label.values())[:5])
        raise UserError(
            f"{name} has {config.num_labels} outputs ({labels}), and a reward model has one: choose a model with "
            "num_labels 1"
        )


def _offset(model: Any) -> int:
    """How many positions of a model are no token's: RoBERTa's begin behind the number of its token for padding."""
    positions = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(positions, "padding_idx", None)
    return 0 if padding is None else padding + 1
