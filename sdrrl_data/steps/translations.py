"""Translations: question and answer of each seed in one target language."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator
from sdrrl_data.run import Part, sort_out
from sdrrl_data.steps.schemas import MESSAGES, UNITS
from sdrrl_data.translation.texts import translate_texts

SCHEMA = {
    "id": pl.String,
    "question": MESSAGES,  # the seed's messages, turn by turn
    "question_units": pl.List(UNITS),  # of each turn
    "answer": pl.String,
    "answer_units": UNITS,
}


def translate(seeds: pl.DataFrame, answers: pl.DataFrame, translator: Translator, src: str, advance: Advance) -> Part:
    """Translate the seeds that have an answer; a row of which one text fails is set aside whole."""
    rows = answers.select("id", "answer").join(
        seeds.select("id", "messages"), on="id", how="inner", maintain_order="left"
    )
    texts = [_texts(row) for row in rows.iter_rows(named=True)]
    flat = [text for row in texts for text in row]
    share = rows.height / max(len(flat), 1)
    pairs = iter(translate_texts(flat, src, translator, lambda done: advance(done * share)))
    results = [
        _row(row, [next(pairs) for _ in own]) for row, own in zip(rows.iter_rows(named=True), texts, strict=True)
    ]
    return sort_out(rows, results, SCHEMA)


def _texts(row: dict[str, Any]) -> list[str]:
    return [message["content"] for message in row["messages"]] + [row["answer"]]


def _row(row: dict[str, Any], pairs: Sequence[TextPair | SetAside]) -> dict[str, Any] | SetAside:
    done: list[TextPair] = []
    for pair in pairs:
        if isinstance(pair, SetAside):
            return pair
        done.append(pair)
    *turns, answer = done
    return {
        "id": row["id"],
        "question": [
            {"role": message["role"], "content": turn.target}
            for message, turn in zip(row["messages"], turns, strict=True)
        ],
        "question_units": [[unit._asdict() for unit in turn.units] for turn in turns],
        "answer": answer.target,
        "answer_units": [unit._asdict() for unit in answer.units],
    }
