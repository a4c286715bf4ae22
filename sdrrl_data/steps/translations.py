"""Translations: question and answer of each seed in one target language."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator
from sdrrl_data.run import Part, Run, Task, sort_out
from sdrrl_data.steps import native_answers, references, shaping
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import MESSAGES, UNITS, Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.translation.texts import translate_texts

SCORED = pl.List(pl.Struct({"translator": pl.String, "score": pl.Float32}))
SCHEMA: Schema = {
    "id": pl.String,
    "question": MESSAGES,  # the seed's messages, turn by turn
    "question_units": pl.List(UNITS),  # of each turn
    "question_translator": pl.String,  # by its name in the recipe
    "question_candidates": SCORED,  # the score of each translator; empty if there is only one
    "answer": pl.String,
    "answer_units": UNITS,
    "answer_translator": pl.String,  # null: nobody translated it, it is a native text
    "answer_candidates": SCORED,
}


@dataclass(frozen=True, kw_only=True)
class TranslationsStep(TargetStep):
    """One translator's translations, of questions and answers or of the seeds' references."""

    # 2: symbols that would be lost are sent as placeholders; wrapped sentences and capitals are sent as they read best
    # 3: the words of slots are translated; emphasis is not sent, and comes back where its words went
    # 5: titles of links and words of XML's elements are translated; lyrics are not taken for INI; labels of which words
    #    stay are sent in small letters
    # 6: labels of which words stay are sent in small letters also where the other labels of their list are words
    # 7: sentences of which Firefox's models invented a word are sent again without their first capital
    # 8: what a translator makes up after the colon of a label is cut
    # 9: a translator without dashes gets hyphens between spaces; no gloss comes instead of a year in brackets;
    #    equations of single letters stay as they are
    # 10: of two translations of a label, the one of which the translator is surer is taken, where it tells; sentences
    #    whose first word stays are sent without their capital; emphasis is around an abbreviation's last period, and
    #    drawings of single letters stay
    version: ClassVar[int] = 10
    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    keeps_rows: ClassVar[bool] = True
    reuses_rows: ClassVar[bool] = True

    translator: str  # its name in the recipe
    of_references: bool = False  # reads only the seeds, and translates their references

    @property
    def settings(self) -> Any:
        """The settings of the translator, and the model behind it."""
        return shaping.translator(self.recipe, self.target, self.translator)

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @property
    def asks_model(self) -> bool:
        """Only if a generator translates."""
        config = shaping.translator_config(self.recipe, self.target, self.translator)
        return config.asks(self.recipe.generator) is not None

    @property
    def reads_references(self) -> bool:
        """If it translates them."""
        return self.of_references

    def wanted(self, tables: Sequence[pl.DataFrame]) -> set[str]:
        """The seeds that have an answer, or a reference."""
        return references.ids(tables[0]) if self.of_references else super().wanted(tables)

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the translator."""
        src, tgt = self.target.src, self.target.tgt
        config = shaping.translator_config(self.recipe, self.target, self.translator)
        translator = models.translator(config, src, tgt, self.recipe)

        def translate_part(task: Task) -> Part:
            if self.recipe.native and not self.of_references:
                questions = native_answers.questions_only(task)
                part = translate(questions, translator, self.translator, src, tgt, advance)
                return native_answers.with_texts(part, task)
            texts = references.as_answers(task) if self.of_references else task
            return translate(texts, translator, self.translator, src, tgt, advance)

        yield each(translate_part)


class Candidate(TypedDict):
    """A translator, and the score of its translation."""

    translator: str
    score: float | None


def translate(task: Task, translator: Translator, name: str, src: Language, tgt: Language, advance: Advance) -> Part:
    """Translate the seeds that have an answer; if one text of a row fails, the whole row is set aside.

    Args:
        task: a part of seeds and answers; its journal stores each sentence as soon as it is translated.
        translator: from `src` into `tgt`.
        name: the translator's name in the recipe.
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
        _row(row, [next(pairs) for _ in texts_of_row], name)
        for row, texts_of_row in zip(rows.iter_rows(named=True), texts, strict=True)
    ]
    return sort_out(rows, results, SCHEMA)


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [message["content"] for message in row["messages"]] + [row["answer"]]


def _row(row: Mapping[str, Any], pairs: Sequence[TextPair | SetAside], name: str) -> dict[str, Any] | SetAside:
    translated: list[TextPair] = []
    for pair in pairs:
        if isinstance(pair, SetAside):
            return pair
        translated.append(pair)
    *turns, answer = translated
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
