"""Answers: what the model says to each seed in the rich language, once for all targets."""

from typing import Any

import polars as pl

from sdrrl_data import draws
from sdrrl_data.protocols import Advance, Completion, Generator, SetAside
from sdrrl_data.run import Part, sort_out

SCHEMA = {
    "id": pl.String,
    "answer": pl.String,
    "finish_reason": pl.String,
    "prompt_tokens": pl.Int32,
    "completion_tokens": pl.Int32,
}


def answer(seeds: pl.DataFrame, generator: Generator, seed: int, advance: Advance) -> Part:
    """Answer every seed; over-long prompts and empty answers are set aside."""
    row_seeds = [draws.number(seed, "answer", id) for id in seeds["id"]]
    completions = generator.generate(seeds["messages"].to_list(), row_seeds, advance)
    results = [_row(id, made) for id, made in zip(seeds["id"], completions, strict=True)]
    return sort_out(seeds, results, SCHEMA)


def _row(id: str, made: Completion | SetAside) -> dict[str, Any] | SetAside:
    if isinstance(made, SetAside):
        return made
    if not made.text.strip():
        return SetAside("the answer is empty")
    return {
        "id": id,
        "answer": made.text.strip(),
        "finish_reason": made.finish_reason,
        "prompt_tokens": made.prompt_tokens,
        "completion_tokens": made.completion_tokens,
    }
