"""Rows as the trainer takes them: token ids, and where the completion starts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from jinja2 import TemplateError, TemplateSyntaxError

from sdrrl_data.errors import UserError
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.training.settings import TrainingConfig

AT_ONCE = 1000  # texts that are tokenized together
ANSWER = "sdrrl"  # stands where a completion would, to see what the template puts after it

TOKENIZED: Schema = {"input_ids": pl.List(pl.Int32), "start": pl.Int32}


class Tokenized(NamedTuple):
    """The rows that can be trained on, and what became of the others."""

    table: pl.DataFrame  # key, task, direction, weight, prompt; input_ids, and where in them the completion starts
    dropped: dict[str, int]  # reason -> rows
    cut: int  # rows that lost their end


class Chat:
    """A model's chat template, and what ends a turn in it."""

    def __init__(self, tokenizer: Any, settings: TrainingConfig, model: str) -> None:
        """Read the template: the settings', or else the model's own.

        Args:
            tokenizer: of transformers.
            settings: of the training.
            model: its name, for the error's sentence.

        Raises:
            UserError: there is no template, it is not Jinja, or there is nothing that could end a turn.
        """
        if not settings.template and not tokenizer.chat_template:
            raise UserError(
                f"model {model} has no chat template: choose an instruct model, or give template (a Jinja file) "
                "in the settings"
            )
        self.tokenizer = tokenizer
        if settings.template:
            tokenizer.chat_template = settings.template  # so that it is saved with the model
        self._options = settings.template_options
        try:
            self._end = self._missing_end(model)
        except TemplateSyntaxError as error:
            raise UserError(
                f"the chat template of {model} is not Jinja: line {error.lineno}: {error.message}"
            ) from None
        except TemplateError as error:
            raise UserError(f"the chat template of {model} refuses a plain question and answer: {error}") from None

    def prompt(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text up to where the assistant begins."""
        return self._render(messages, add_generation_prompt=True)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of rendered texts; the template has put all special tokens there."""
        if not texts:
            return []
        found: list[list[int]] = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return found

    def rows(self, pairs: Sequence[tuple[Any, Any]]) -> Iterator[tuple[list[int], int] | str]:
        """Of each prompt and completion the token ids and where the completion starts; or why it cannot be had.

        The completion starts where the ids with and without it part, as TRL has it; it ends with the end of the turn.
        """
        texts = [self._texts(prompt, completion) for prompt, completion in pairs]
        whole = [text for text in texts if not isinstance(text, str)]
        asked = iter(self.tokens([prompt for prompt, _ in whole]))
        both = iter(self.tokens([text for _, text in whole]))
        for text in texts:
            if isinstance(text, str):
                yield text
                continue
            prompt, ids = next(asked), [*next(both), *self._end]
            yield ids, _common(prompt, ids)

    def _texts(self, prompt: Any, completion: Any) -> tuple[str, str] | str:
        if not prompt or not completion or not (completion[-1]["content"] or "").strip():
            return "empty"
        try:
            return self.prompt(prompt), self._render([*prompt, *completion])
        except TemplateError:
            return "refused by the chat template"

    def _render(self, messages: Sequence[Mapping[str, str]], add_generation_prompt: bool = False) -> str:
        text: str = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=add_generation_prompt, tokenize=False, **self._options
        )
        return text

    def _missing_end(self, model: str) -> list[int]:
        """The token that has to end a turn where the template puts none there."""
        text = self._render([{"role": "user", "content": "?"}, {"role": "assistant", "content": ANSWER}])
        after = self.tokens([text.rpartition(ANSWER)[2]])[0]
        added = set(self.tokenizer.get_added_vocab().values()) | set(self.tokenizer.all_special_ids)
        if added.intersection(after):
            return []
        if self.tokenizer.eos_token_id is None:
            raise UserError(f"neither the chat template nor the tokenizer of {model} has a token that ends a turn")
        return [self.tokenizer.eos_token_id]


def tokenize(rows: pl.DataFrame, chat: Chat, limit: int, too_long: str) -> Tokenized:
    """The rows as token ids.

    Args:
        rows: as `rows.find` gives them.
        chat: the model's template.
        limit: tokens of prompt and completion that a row may have.
        too_long: "drop" or "cut": what becomes of a longer one. One whose completion would be cut away is dropped.
    """
    found: list[tuple[list[int], int] | None] = []
    dropped: Counter[str] = Counter()
    cut = 0
    for part in rows.select("prompt", "completion").iter_slices(AT_ONCE):
        for row in chat.rows(part.rows()):
            if isinstance(row, str):
                dropped[row] += 1
                found.append(None)
            elif len(row[0]) <= limit:
                found.append(row)
            elif too_long == "cut" and row[1] < limit:
                cut += 1
                found.append((row[0][:limit], row[1]))
            else:
                dropped[f"longer than {limit} tokens"] += 1
                found.append(None)
    table = rows.drop("completion").with_columns(
        pl.Series("input_ids", [row and row[0] for row in found], dtype=TOKENIZED["input_ids"]),
        pl.Series("start", [row and row[1] for row in found], dtype=TOKENIZED["start"]),
    )
    return Tokenized(table.drop_nulls("start"), dict(dropped), cut)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common from their beginnings."""
    if list(other[: len(one)]) == list(one):
        return len(one)
    apart = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(apart, len(other))
