"""Translations: question and answer of each seed in one target language."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator
from sdrrl_data.run import Part, Task, sort_out
from sdrrl_data.steps.schemas import MESSAGES, UNITS
from sdrrl_data.translation.texts import translate_texts

SCORED = pl.List(pl.Struct({"translator": pl.String, "score": pl.Float32}))
SCHEMA = {
    "id": pl.String,
    "question": MESSAGES,  # the seed's messages, turn by turn
    "question_units": pl.List(UNITS),  # of each turn
    "question_translator": pl.String,  # by its name in the recipe
    "question_candidates": SCORED,  # what each translator scored; none where there is only one
    "answer": pl.String,
    "answer_units": UNITS,
    "answer_translator": pl.String,
    "answer_candidates": SCORED,
}


class Candidate(TypedDict):
    """A translation that was made, and what it scored."""

    translator: str
    score: float | None


def translate(task: Task, translator: Translator, name: str, src: Language, tgt: Language, advance: Advance) -> Part:
    """Translate the seeds that have an answer; a row of which one text fails is set aside whole.

    Args:
        task: a part of seeds and answers; its journal keeps each sentence as soon as it is translated.
        translator: from `src` into `tgt`.
        name: what the recipe calls it.
        src: the language of the seeds.
        tgt: the target language.
        advance: called with the number of rows done.
    """
    seeds, answers = task.tables
    rows = answers.select("id", "answer").join(
        seeds.select("id", "messages"), on="id", how="inner", maintain_order="left"
    )
    texts = [_texts(row) for row in rows.iter_rows(named=True)]
    flat = [text for row in texts for text in row]
    share = rows.height / max(len(flat), 1)
    try:
        pairs = iter(translate_texts(flat, src, tgt, translator, lambda done: advance(done * share), task.journal))
    finally:
        task.journal.close()
    results = [
        _row(row, [next(pairs) for _ in own], name) for row, own in zip(rows.iter_rows(named=True), texts, strict=True)
    ]
    return sort_out(rows, results, SCHEMA)


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [message["content"] for message in row["messages"]] + [row["answer"]]


def _row(row: Mapping[str, Any], pairs: Sequence[TextPair | SetAside], name: str) -> dict[str, Any] | SetAside:
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
        "question_translator": name,
        "question_candidates": [],
        "answer": answer.target,
        "answer_units": [unit._asdict() for unit in answer.units],
        "answer_translator": name,
        "answer_candidates": [],
    }
