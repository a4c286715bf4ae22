"""Rows as the trainer takes them: token ids, and where the completion starts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.chat.template import ChatTemplate, Example
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import SetAside
from sdrrl_data.recipe import DEFAULT_DATE
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.training.settings import TrainingConfig

AT_ONCE = 1000  # texts that are tokenized together

TOKENIZED: Schema = {"input_ids": pl.List(pl.Int32), "start": pl.Int32}


class Tokenized(NamedTuple):
    """The rows that can be trained on, and what became of the others."""

    # key, task, direction, weight, prompt; input_ids, and where in them the completion starts; length, in tokens
    table: pl.DataFrame
    dropped: dict[str, int]  # reason -> rows
    cut: int  # rows that lost their end
    reasoning_lost: int  # rows with a reasoning section that the chat template leaves out


def open_template(tokenizer: Any, settings: TrainingConfig, model: str) -> ChatTemplate:
    """The chat template that a model is trained with: the settings', or else its own.

    The tokenizer gets it, with its options, so that the model is saved and served with what it was trained with.

    Args:
        tokenizer: of transformers.
        settings: of the training.
        model: its name, for the error's sentence.

    Raises:
        UserError: there is no template, it is not Jinja, a conversation does not come through it, or there is
            nothing that could end a turn.
    """
    template = ChatTemplate(
        tokenizer,
        f"model {model}",
        settings.template,
        settings.template_options,
        setting="template in the settings",
        date=settings.date or DEFAULT_DATE,
    )
    if not template.ends and tokenizer.eos_token_id is None:
        raise UserError(f"neither the chat template nor the tokenizer of model {model} has a token that ends a turn")
    if settings.template or settings.template_options:
        tokenizer.chat_template = template.with_options()
    return template


def tokenize(rows: pl.DataFrame, template: ChatTemplate, limit: int, too_long: str) -> Tokenized:
    """The rows as token ids.

    Args:
        rows: as `rows.find` gives them.
        template: the model's.
        limit: tokens of prompt and completion that a row may have.
        too_long: "drop" or "cut": what becomes of a longer one. One whose completion would be cut away is dropped.
    """
    input_ids: list[list[int] | None] = []
    starts: list[int | None] = []
    dropped: Counter[str] = Counter()
    cut = reasoning_lost = 0
    for part in rows.select("prompt", "completion").iter_slices(AT_ONCE):
        for example in examples(part.rows(), template):
            reason = why_dropped(example, limit, too_long)
            if isinstance(example, SetAside) or reason:
                dropped[reason] += 1
                input_ids.append(None)
                starts.append(None)
                continue
            ids = [*example.prompt, *example.completion]
            cut += len(ids) > limit
            reasoning_lost += example.reasoning_lost
            input_ids.append(ids[:limit])
            starts.append(len(example.prompt))
    table = rows.drop("completion").with_columns(
        pl.Series("input_ids", input_ids, dtype=TOKENIZED["input_ids"]),
        pl.Series("start", starts, dtype=TOKENIZED["start"]),
    )
    table = table.drop_nulls("start").with_columns(length=pl.col("input_ids").list.len())
    return Tokenized(table, dict(dropped), cut, reasoning_lost)


def why_dropped(example: Example | SetAside, limit: int, too_long: str) -> str:
    """Why a row cannot be trained on; empty where it can."""
    if isinstance(example, SetAside):
        return example.reason
    fits = len(example.prompt) + len(example.completion) <= limit
    if fits or (too_long == "cut" and len(example.prompt) < limit):
        return ""
    return f"longer than {limit} tokens"


def examples(rows: Sequence[tuple[Any, Any]], template: ChatTemplate) -> Iterator[Example | SetAside]:
    """Each prompt with its completion as token ids, in their order."""
    whole = [not _is_empty(*row) for row in rows]
    rendered = template.examples([row for row, full in zip(rows, whole, strict=True) if full])
    return (next(rendered) if full else SetAside("empty") for full in whole)


def _is_empty(prompt: Any, completion: Any) -> bool:
    return not prompt or not completion or not (completion[-1]["content"] or "").strip()
