"""Seeds that the generator writes for native texts: what each of them answers (reverse instructions).

It reads the text's translation, because it knows the source language best, and writes in this language. Source: Köksal
et al. 2024 (MURI), https://arxiv.org/abs/2409.12958.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.chat.conversations import filled
from sdrrl_data.errors import RecipeError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside
from sdrrl_data.recipe import AnswersConfig, Recipe, draws
from sdrrl_data.run import Part, Run, Task, sort_out, together
from sdrrl_data.steps.answers import Answering, AnswersStep
from sdrrl_data.steps.collected_seeds import MISSING_TEXT
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.prompts import ENGLISH
from sdrrl_data.steps.schemas import MESSAGES, Schema
from sdrrl_data.steps.seeds import READ_SCHEMA
from sdrrl_data.steps.step import Work
from sdrrl_data.text.missing_texts import names_missing_text, speaks_of_missing_text
from sdrrl_data.text.quoting import gives_away, unlabelled

FAULTS = {
    "cut": "the question was cut",
    "looping": "the question repeats itself",
    "refused": "the generator refused to write a question",
}


@dataclass(frozen=True, kw_only=True)
class WrittenQuestionsStep(AnswersStep):
    """The questions, with the ids of their texts; reads texts and their translations. `src` is the source language."""

    version: ClassVar[int] = 1
    draw: ClassVar[str] = "written question"

    @property
    def settings(self) -> Any:
        """How the generator writes, and the sentences that ask it to."""
        asking = _asking(self.recipe)
        prompts = list(requests(self.recipe, self.src))
        return [asking.generator.shaping(), self.generator.identity(), self.src.tag, prompts, self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `seeds.READ_SCHEMA`."""
        return READ_SCHEMA

    @property
    def reads_references(self) -> bool:
        """There are none."""
        return False

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator; close it at the end, because the following steps need its memory."""
        generator = models.generator(self.recipe.generator)
        answering = Answering(generator, _asking(self.recipe), self.src, draw=self.draw)
        prompts, seed = requests(self.recipe, self.src), self.recipe.seed

        def write(tasks: Iterable[Task]) -> Iterator[tuple[int, Part]]:
            texts: dict[int, pl.DataFrame] = {}  # of the parts that are not finished

            def asked() -> Iterator[Task]:
                for task in tasks:
                    texts[task.part] = _translated(*task.tables)
                    yield task._replace(tables=[_as_seeds(texts[task.part], prompts, self.src, seed)])

            for number, written in answering.parts(asked(), advance):
                yield number, _questions(texts.pop(number), written, self.src)

        yield write
        models.close_generator()


def requests(settings: Recipe, src: Language) -> Sequence[str]:
    """The sentences with which the generator is asked for a question in the source language.

    Raises:
        RecipeError: the recipe has none in this language, and none in English.
    """
    for tag in (src.tag, ENGLISH.tag):
        if tag in settings.prompts and (sentences := settings.prompts[tag].write_question):
            return sentences
    raise RecipeError(
        f"prompts.{src.tag}.write_question is missing: it asks for the question that a native text answers"
    )


def _asking(settings: Recipe) -> Recipe:
    """The recipe with a generator that writes questions instead of answers: one each, without examples of answers."""
    native = settings.native
    assert native is not None
    sampling = {name: getattr(native, name) for name in recipe.SamplingConfig.model_fields}
    generator = settings.generator.model_copy(update=sampling | {"system_prompt": None, "few_shot": ()})
    return settings.model_copy(update={"generator": generator, "answers": AnswersConfig()})


def _translated(texts: pl.DataFrame, translations: pl.DataFrame) -> pl.DataFrame:
    """The texts that were translated, with their translations."""
    return texts.join(translations.select("id", "translation"), on="id", how="inner", maintain_order="left")


def _as_seeds(texts: pl.DataFrame, prompts: Sequence[str], src: Language, seed: int) -> pl.DataFrame:
    """What the generator is asked, as `Answering` takes seeds."""
    asked = [
        filled(
            prompts[draws.number(seed, "write_question", id) % len(prompts)],
            {"text": translation, "language": src.name},
        )
        for id, translation in texts.select("id", "translation").iter_rows()
    ]
    messages = [[{"role": "user", "content": text}] for text in asked]
    return texts.select("id", reference=pl.lit(None, dtype=pl.String)).with_columns(
        messages=pl.Series(messages, dtype=MESSAGES)
    )


def _questions(texts: pl.DataFrame, written: Part, src: Language) -> Part:
    """The part with the questions that can be asked without the text.

    Args:
        texts: as `_translated` returns them.
        written: what the generator wrote, as a part of answers.
        src: the language of the questions.
    """
    rows = texts.join(written.rows, on="id", how="inner", maintain_order="left")
    good = sort_out(texts.filter(pl.col("id").is_in(rows["id"].implode())), [*_results(rows, src)], READ_SCHEMA)
    return together([good, written._replace(rows=good.rows.clear())], texts["id"].to_list())


def _results(rows: pl.DataFrame, src: Language) -> Iterator[dict[str, Any] | SetAside]:
    for row in rows.iter_rows(named=True):
        question = unlabelled(row["answer"])
        if reason := _fault(question, row, src):
            yield SetAside(reason)
        else:
            yield {
                "id": row["id"],
                "messages": [{"role": "user", "content": question}],
                "reference": None,
                "source": f"native:{row['source']}",
                "source_id": row["source_id"],
            }


def _fault(question: str, row: dict[str, Any], src: Language) -> str | None:
    """Why a question is not asked."""
    if row["faults"]:
        return FAULTS[row["faults"][0]]
    if not question:
        return "the question is empty"
    if src == ENGLISH and (speaks_of_missing_text(question) or names_missing_text(question)):
        return MISSING_TEXT
    if gives_away(question, row["translation"], src.tag):
        return "the question has the text in it"
    return None
