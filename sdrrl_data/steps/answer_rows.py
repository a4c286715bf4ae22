"""Rows of the transfer set that a seed and its answer give: the four crossings, and code-switched questions."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sdrrl_data.protocols import Message
from sdrrl_data.steps.prompts import Asking
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS


def make(tables: Mapping[str, pl.DataFrame], asking: Asking, src: str, tgt: str) -> pl.DataFrame:
    """Every row that the verdicts allow.

    Args:
        tables: seeds, answers, translations, code_switched and verdicts, whole.
        asking: the words in which a crossed row says which language to answer in.
        src: tag of the source language.
        tgt: tag of the target language.
    """
    joined = (
        tables["verdicts"]
        .rename({text: f"{text}_kept" for text in ("question_src", "question_tgt", "answer_src", "answer_tgt")})
        .join(tables["seeds"].select("id", "source", question_src="messages"), on="id", maintain_order="left")
        .join(tables["answers"].select("id", answer_src="answer"), on="id", maintain_order="left")
        .join(
            tables["translations"].select("id", question_tgt="question", answer_tgt="answer"),
            on="id",
            maintain_order="left",
        )
    )
    tags = {"src": src, "tgt": tgt}
    rows = [row for seed in joined.iter_rows(named=True) for row in _crossings(seed, asking, tags)]
    kept = joined.filter("question_src_kept", "question_tgt_kept")
    switched = tables["code_switched"].join(kept, on="id", maintain_order="left")
    rows += [row for seed in switched.iter_rows(named=True) for row in _code_switched(seed, tags)]
    return pl.DataFrame(rows, schema=CANDIDATES)


def _crossings(seed: Mapping[str, Any], asking: Asking, tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for kind in CROSSINGS:
        asked, answered = kind.split("->")
        if not (seed[f"question_{asked}_kept"] and seed[f"answer_{answered}_kept"]):
            continue
        prompt = seed[f"question_{asked}"]
        if asked != answered:
            # Unsaid, the answer's language would be a surprise: a lesson in language confusion.
            prompt = _append(prompt, asking("answer_in", tags[asked], seed["id"] + kind))
        yield _row(seed, kind, tags[asked], tags[answered], prompt, seed[f"answer_{answered}"])


def _code_switched(seed: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The question with some words of the other language in it, answered in the question's own language."""
    matrix = seed["matrix"]
    if seed["switched"] and seed[f"answer_{matrix}_kept"]:
        language = tags[matrix]
        row = _row(seed, "code_switched", language, language, seed["question"], seed[f"answer_{matrix}"])
        yield row | {"id": f"{row['id']}/switched", "code_switched": True, "switched": seed["switched"]}


def _row(
    seed: Mapping[str, Any], kind: str, asked: str, answered: str, prompt: list[Message], answer: str
) -> dict[str, Any]:
    direction = f"{asked}->{answered}"
    return {
        "id": f"{seed['id']}/{direction}",
        "seed_id": seed["id"],
        "kind": kind,
        "task": "answer",
        "direction": direction,
        "prompt": prompt,
        "completion": [{"role": "assistant", "content": answer}],
        "code_switched": False,
        "switched": [],
        "source": seed["source"],
    }


def _append(messages: list[Message], sentence: str) -> list[Message]:
    *earlier, last = messages
    return [*earlier, {"role": last["role"], "content": f"{last['content']}\n\n{sentence}"}]
