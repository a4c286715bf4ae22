"""Rows to look at, as data for the page's script: it shows cells with texts, and knows nothing of tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from sdrrl_data.cards import pictures
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import Recipe, of_source, score_columns
from sdrrl_data.report import reading
from sdrrl_data.report.reading import Row
from sdrrl_data.report.texts import Span, Texts, in_utf16, protected
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps import text_pairs
from sdrrl_data.steps.counted_words import CountedWords
from sdrrl_data.steps.reasons import Reasons
from sdrrl_data.steps.verdicts import TEXTS

# How many rows of each kind a page has. With several targets, each has its share, but at least a tenth.
PAIRS, SWITCHED, ROWS, SET_ASIDE = 150, 60, 150, 40
SIZE = 1_600_000  # bytes that the texts of all rows may take, with what belongs to them; the page is a little larger
RANKED = 10_000  # values of a score among which one is ranked
OF_CELL = 500  # bytes of a cell besides its texts: mostly its scores

PAIRS_STEP = "judged pairs"

Cell = dict[str, Any]

# What is said of a pair whose answer the model has not written, by the author of the answer.
OF_OTHERS = {"reference": "the reference answer takes its place", "native": "the answer is a native text"}


class Sample:
    """Collects rows, with the texts and scores to which they refer by number."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.scores: list[dict[str, str]] = []  # `name`, `bound` (empty if there is no threshold), `says`
        self.rows: list[dict[str, Any]] = []
        self._score_numbers: dict[tuple[str, str, str], int] = {}

    def score(self, name: str, bound: str, says: str) -> int:
        """The number of a score, which is added if it is new."""
        number = self._score_numbers.setdefault((name, bound, says), len(self.scores))
        if number == len(self.scores):
            self.scores.append({"name": name, "bound": bound, "says": says})
        return number

    def data(self) -> dict[str, Any]:
        """All of it as JSON data."""
        return {"texts": self.texts.items, "scores": self.scores, "rows": self.rows}

    def add(self, rows: Iterable[dict[str, Any]], most: int, share: float) -> None:
        """Add so many rows, or fewer if they take more than this share of the page."""
        start, cells = self.texts.size, 0
        for number, row in enumerate(rows):
            cells += len(row["cells"])
            if number == most or self.texts.size - start + OF_CELL * cells > share * SIZE:
                break
            self.rows.append(row)


def of_run(
    run: Run,
    manifest: Manifest,
    recipes: Mapping[str, Recipe],
    scopes: Mapping[str, reading.Scope],
    spreads: Mapping[str, Mapping[str, pictures.Spread]],
    changed: Mapping[str, Mapping[str, str]],
) -> Sample:
    """Rows of each kind, of each target: judged pairs, code-switched texts, rows of the transfer set, set-aside rows.

    Args:
        run: finished.
        manifest: of the run.
        recipes: as they hold for each target.
        scopes: of each target.
        spreads: of the scores of each target, with their thresholds.
        changed: of each target: id of a pair that another run judged otherwise -> how, in words.
    """
    sample = Sample()
    share = 1 / max(len(recipes), 1)
    number = max(share, 0.1)
    for tag, recipe in recipes.items():
        of_tag = _Target(sample, recipe, tag, spreads[tag], Reasons.of(manifest, score_columns(recipe.scorers)))
        parts = scopes[tag].parts
        ids = reading.choose(run, tag, parts, round(PAIRS * number), changed.get(tag, {}))
        raw = reading.pairs(run, tag, recipe, parts, ids)
        in_order = [raw[id] for id in ids if id in raw]
        pairs = (of_tag.pair(row, changed.get(tag, {}).get(row["id"])) for row in in_order)
        sample.add(pairs, len(in_order), 0.5 * share)
        sample.add(map(of_tag.transfer_row, reading.transfer_rows(run, tag, ids)), round(ROWS * number), 0.3 * share)
        switched = (row for pair in in_order for row in pair["code_switched"])
        sample.add(map(of_tag.switched, switched), round(SWITCHED * number), 0.1 * share)
    tables = [table for table, count in manifest.counts.steps.items() if count.set_aside]
    for table in tables:
        rows = reading.set_aside(run, table, sum(map(len, manifest.growths)), SET_ASIDE)
        aside = (_aside(sample.texts, row, table, manifest.recipe["src"]) for row in rows)
        sample.add(aside, SET_ASIDE, 0.1 / len(tables))
    return sample


class _Target:
    """Makes the rows of one target."""

    def __init__(
        self, sample: Sample, recipe: Recipe, tag: str, spreads: Mapping[str, pictures.Spread], reasons: Reasons
    ) -> None:
        self._texts, self._sample, self._tag, self._reasons = sample.texts, sample, tag, reasons
        self._src = recipe.src
        self._counted = CountedWords(recipe.src, tag)
        self._says = {column: score.says.replace("`", "") for column, score in reasons.scores.items()}
        judged = [text for spread in spreads.values() for text in spread.values()]
        self._cuts = {text.cut.column: text.cut for text in judged}
        self._ordered = {text.cut.column: np.sort(text.values[:: 1 + len(text.values) // RANKED]) for text in judged}

    def pair(self, row: Row, change: str | None) -> dict[str, Any]:
        """A judged pair: question and answer, each beside its translation."""
        turns = text_pairs.turns(row)
        roles = [message["role"] for message in row["messages"]]
        sides = [protected(turn) for turn in turns]
        answer = text_pairs.answer(row)
        texts = {
            "question_src": self._turns(roles, [t.source for t in turns], [source for source, _ in sides]),
            "question_tgt": self._turns(roles, [t.target for t in turns], [target for _, target in sides]),
            **dict(zip(("answer_src", "answer_tgt"), self._answer(answer), strict=True)),
        }
        weights = [row[f"{text}_weight"] for text in TEXTS]
        dropped = dict.fromkeys(failed["filter"] for failed in row["failures"] if not failed["weight"])
        lighter = dict.fromkeys(failed["filter"] for failed in row["failures"] if failed["weight"])
        facts = [f"the model's answer was {fault}" for fault in row["faults"]]
        if of_others := OF_OTHERS.get(row["author"]):
            facts.append(of_others)
        return {
            "step": PAIRS_STEP,
            "id": row["id"],
            "tgt": self._tag,
            "verdict": "kept" if all(weights) else "kept in part" if any(weights) else "dropped",
            "why": [*dropped, *lighter],
            "change": change,
            "facts": facts,
            "cells": [self._cell(text, texts[text], row) for text in TEXTS],
        }

    def transfer_row(self, row: Row) -> dict[str, Any]:
        """A row of the transfer set: prompt and completion."""
        question, _, answer = row["direction"].partition("->")
        languages = {"prompt": question, "completion": answer}
        facts = [row["split"], *([f"weight {row['weight']:.3g}"] if row["weight"] != 1 else [])]
        return {
            "step": "transfer set",
            "id": row["id"],
            "tgt": self._tag,
            "verdict": "kept",
            "direction": row["direction"],
            "task": "code-switched" if row["code_switched"] else row["task"],
            "facts": facts,
            "cells": [
                {"label": name, "lang": language, **self._messages(row[name], row["switched"], name)}
                for name, language in languages.items()
            ],
        }

    def switched(self, row: Row) -> dict[str, Any]:
        """A question and an answer with words of the other language, or why they have none."""
        language = self._src if row["matrix"] == "src" else self._tag
        answer = [{"role": "assistant", "content": row["answer"]}]
        return {
            "step": "code-switched texts",
            "id": row["id"],
            "tgt": self._tag,
            "direction": f"{language}->{language}",
            "task": "code-switched",
            "facts": [f"{row['ratio']:.0%} switched", *([row["shortfall"]] if row["shortfall"] else [])],
            "cells": [
                {"label": label, "lang": language, **self._messages(messages, row["switched"], name)}
                for label, name, messages in (("question", "prompt", row["question"]), ("answer", "completion", answer))
            ],
        }

    def _cell(self, text: str, turns: Any, row: Row) -> Cell:
        part, _, side = text.partition("_")
        failures = [failed for failed in row["failures"] if failed["text"] == text]
        scores = []
        for column, value in (row["scores"] or {}).items():
            name = column.removeprefix(f"{part}_")
            if name == column or value is None or of_source(name) != (side == "src"):
                continue
            cut = self._cuts.get(column)
            bound = (
                " and ".join(f"{sign} {limit}" for sign, limit in (("≥", cut.min), ("≤", cut.max)) if limit)
                if cut
                else ""
            )
            number = self._sample.score(name, bound, self._says.get(name, ""))
            shown = float(f"{value:.4g}") if isinstance(value, float) and isfinite(value) else str(value)
            scores.append((self._better(column, value), [number, shown]))
        return {
            "label": part,
            "lang": self._src if side == "src" else self._tag,
            "turns": turns,
            "weight": round(row[f"{text}_weight"], 3),
            "failures": [_signs(self._reason(failure, row)) for failure in failures],
            "scores": [score for _, score in sorted(scores, key=lambda score: score[0])],
        }

    def _reason(self, failure: Row, row: Row) -> str:
        pair = text_pairs.OF_TEXT[failure["text"].partition("_")[0]](row)
        return self._reasons.of_text(failure, self._counted.of(failure["filter"], pair))

    def _better(self, column: str, value: float | str) -> float:
        """The share of the run's values that are better than this one, negated, so that the worst come first.

        A score without a threshold comes last, and one that is the same everywhere before it.
        """
        cut, ordered = self._cuts.get(column), self._ordered.get(column)
        if cut is None or ordered is None or not isinstance(value, float):
            return 1.0
        above, below = (
            1 - np.searchsorted(ordered, value, "right") / len(ordered),
            np.searchsorted(ordered, value) / len(ordered),
        )
        return -float(max(above if cut.min else 0, below if cut.max else 0))

    def _turns(self, roles: Sequence[str], texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[Any]]:
        return [[role, self._texts.add(text, span)] for role, text, span in zip(roles, texts, spans, strict=True)]

    def _answer(self, pair: TextPair) -> list[list[list[Any]]]:
        sides = zip((pair.source, pair.target), protected(pair), strict=True)
        return [[["assistant", self._texts.add(text, spans)]] for text, spans in sides]

    def _messages(self, messages: Sequence[Row], spans: Sequence[Row], name: str) -> dict[str, Any]:
        """Turns, and the switched words of the last one."""
        text = messages[-1]["content"]
        switched = [span for span in spans if span["text"] == name]
        places = in_utf16(text, [(span["start"], span["end"]) for span in switched])
        return {
            "turns": [[message["role"], self._texts.add(message["content"])] for message in messages],
            "switched": [[*place, span["original"]] for place, span in zip(places, switched, strict=True)],
        }


def _aside(texts: Texts, row: Row, table: str, language: str) -> dict[str, Any]:
    """A row that was set aside: why, and what is known of it."""
    try:
        content = json.loads(row["row"])
    except ValueError:
        content = row["row"]
    fields = content if isinstance(content, dict) else {"row": content}
    return {
        "step": f"set aside: {table}",
        "id": row["id"],
        "tgt": table.rpartition("/")[0] or None,
        "verdict": "set aside",
        "why": [row["reason"]],
        "facts": [],
        "cells": [
            {"label": name, "lang": language, "turns": turns}
            for name, value in fields.items()
            if name != "id" and (turns := _any(texts, value))
        ],
    }


def _signs(reason: str) -> str:
    return reason.replace(">=", "≥").replace("<=", "≤")


def _any(texts: Texts, value: Any) -> list[list[Any]]:
    """Any JSON value as turns: messages as such, all else as one text."""
    match value:
        case None | "" | []:
            return []
        case str():
            return [["", texts.add(value)]]
        case [{"role": str(), "content": str()}, *_] if all(isinstance(turn, dict) for turn in value):
            return [[str(turn.get("role")), texts.add(str(turn.get("content")))] for turn in value]
    return [["", texts.add(json.dumps(value, ensure_ascii=False))]]
