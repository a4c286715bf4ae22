"""Best of several translations: for each question and each answer, the translation that a scorer prefers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.protocols import Advance, Scorer, SetAside
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.run import Part, Run, Task, sort_out
from sdrrl_data.steps import references, scoring_steps, text_pairs
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.steps.translations import SCHEMA, Candidate


@dataclass(frozen=True, kw_only=True)
class BestTranslationsStep(TargetStep):
    """The best of several translators' translations."""

    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    reuses_rows: ClassVar[bool] = True

    candidates: Mapping[str, str]  # the tables of the translators, by their names in the recipe
    of_references: bool = False  # as in `TranslationsStep`

    @property
    def settings(self) -> Any:
        """The translators in their order, and the scorer that prefers one translation to another."""
        best_by = self.recipe.translations.best_by
        back = self.target.back.identity() if self.target.back and best_by == "round_trip" else None
        return [list(self.candidates), best_by, back]

    @property
    def schema(self) -> Schema:
        """See `translations.SCHEMA`."""
        return SCHEMA

    @property
    def reads_references(self) -> bool:
        """If it chooses among their translations."""
        return self.of_references

    def wanted(self, tables: Sequence[pl.DataFrame]) -> set[str]:
        """The seeds that have an answer, or a reference."""
        return references.ids(tables[0]) if self.of_references else super().wanted(tables[:2])

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the scorer that chooses."""
        best_by = self.recipe.translations.best_by
        config = ScorerConfig.named(best_by)(kind=best_by)
        with config.open(scoring_steps.context(self.recipe, self.target, models)) as scorer:

            def choose_part(task: Task) -> Part:
                seeds, answers, *_ = (references.as_answers(task) if self.of_references else task).tables
                parts = {name: run.table(table).part(task.part) for name, table in self.candidates.items()}
                models.failures.take()
                chosen = choose(seeds, answers, parts, scorer, advance)
                return chosen._replace(again=models.failures.take())

            yield each(choose_part)


def choose(
    seeds: pl.DataFrame,
    answers: pl.DataFrame,
    candidates: Mapping[str, Part],
    scorer: Scorer,
    advance: Advance,
) -> Part:
    """For each answered seed the best question and the best answer; they may come from different translators.

    A translation that the scorer cannot judge comes after all that it can judge; if several are equal, the earliest is
    taken. A row that no translator could translate is set aside with the reasons of each.

    Args:
        seeds: a part of the seeds.
        answers: the same part of the answers.
        candidates: each translator's part of the translations, by the translator's name; it may have other rows, too.
        scorer: its first column decides; more is better.
        advance: called with the number of rows done.
    """
    wanted = seeds.select("id", "messages").join(
        answers.select("id", source_answer="answer"), on="id", how="inner", maintain_order="right"
    )
    sources = {row["id"]: row for row in wanted.iter_rows(named=True)}
    rows = [
        (name, sources[row["id"]] | row)
        for name, part in candidates.items()
        for row in part.rows.iter_rows(named=True)
        if row["id"] in sources
    ]
    share = wanted.height / max(len(text_pairs.OF_TEXT) * len(rows), 1)
    candidates_of: dict[str, dict[str, list[Candidate]]] = {
        id: {kind: [] for kind in text_pairs.OF_TEXT} for id in sources
    }
    for kind, pair in text_pairs.OF_TEXT.items():
        scored = scorer.score([pair(row) for _, row in rows], lambda done: advance(done * share))
        for (name, row), score in zip(rows, scored.to_series(0), strict=True):
            candidates_of[row["id"]][kind].append({"translator": name, "score": score})
    translated = {(name, row["id"]): row for name, row in rows}
    refused = {
        (name, id): reason
        for name, part in candidates.items()
        for id, reason in part.set_aside.select("id", "reason").iter_rows()
    }
    results = [
        _row(id, texts, translated) if texts["answer"] else SetAside(_reasons(id, candidates, refused))
        for id, texts in candidates_of.items()
    ]
    return sort_out(wanted, results, SCHEMA)


def _row(
    id: str, candidates_of: Mapping[str, Sequence[Candidate]], translated: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id}
    for kind, candidates in candidates_of.items():
        best = max(candidates, key=_worth)  # the first, if several are equal
        chosen = translated[best["translator"], id]
        row |= {key: chosen[key] for key in (kind, f"{kind}_units")}
        row |= {f"{kind}_translator": chosen[f"{kind}_translator"], f"{kind}_candidates": candidates}
    return row


def _worth(candidate: Candidate) -> float:
    return float("-inf") if candidate["score"] is None else candidate["score"]


def _reasons(id: str, names: Mapping[str, Part], refused: Mapping[tuple[str, str], str]) -> str:
    return "; ".join(f"{name}: {refused[name, id]}" for name in names)
