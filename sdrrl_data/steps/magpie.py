"""Seeds that the generator writes itself: what a user would ask after the chat template's user header (Magpie)."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.chat.conversations import sampling, system_message
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Generator, Ingredient, Request, SetAside, TextPair, Unit
from sdrrl_data.recipe import draws
from sdrrl_data.run import Journal, Part, Run, Table, Task, sort_out
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.seeds import SCHEMA, identity
from sdrrl_data.steps.step import Needs, Step, Work
from sdrrl_data.text.near_duplicates import NearDuplicates
from sdrrl_data.text.segments import sentences

MOST_ATTEMPTS = 5  # for each question that is wanted
ATTEMPTS = 1.2  # in a round, for each question that is missing
SMALLEST_ROUND = 8  # attempts
RECALL = 0.999  # of the questions that are just as alike as near copies are, as many are found
IN_LANGUAGE = 0.2  # probability; of real questions in English one in a thousand has less


@dataclass(frozen=True, kw_only=True)
class MagpieStep(Step):
    """Seeds by the generator."""

    version: ClassVar[int] = 2
    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    ordered: ClassVar[bool] = True

    generator: Ingredient
    src: Language
    magpie: recipe.MagpieConfig

    @property
    def settings(self) -> Any:
        """How the generator writes them."""
        how = self.magpie.shaping()
        return [how, self.recipe.generator.shaping(), self.generator.identity(), self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `seeds.SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator."""
        writer = Writer(models.generator(self.recipe.generator), self.magpie, self.src, self.recipe.seed)
        yield lambda tasks: writer.parts(tasks, run.table(self.table), advance)


class Writer:
    """Has the generator write questions, and keeps the good ones.

    Source: Xu et al. 2024, https://arxiv.org/abs/2406.08464.

    Args:
        generator: who writes.
        settings: how, and what counts as a near copy.
        language: what the questions are to be in.
        seed: the recipe's.

    Raises:
        UserError: what recognises the language is not installed.
    """

    def __init__(self, generator: Generator, settings: recipe.MagpieConfig, language: Language, seed: int) -> None:
        self._generator = generator
        self._settings = settings
        self._language = language
        self._seed = seed
        self._recognise = LanguageScorer(LanguageConfig(), language, language)
        self._earlier = NearDuplicates(language.tag, settings.near_copies, RECALL, min_words=0)

    def parts(self, tasks: Iterable[Task], seeds: Table, advance: Advance) -> Iterator[tuple[int, Part]]:
        """Each part with its number, its rows as in `seeds.SCHEMA`.

        A part has as many questions as its task wants, or fewer where five times as many attempts did not give them.
        An attempt that was cut, empty, in another language, or a near copy of an earlier question is set aside; its id
        and a question's source are "magpie:PART/ATTEMPT". What was written is kept in the part's journal as soon as it
        is there. Attempts are judged in their order, whatever the order in which the generator finishes them.

        Args:
            tasks: parts to be made, in order.
            seeds: the table that they are for, with all parts before each by the time its task is asked for.
            advance: is told of every good question.
        """
        known = 0  # parts whose questions are remembered
        for task in tasks:
            for earlier in range(known, task.part):
                self._remember(seeds.read(earlier))
            try:
                content = self._part(task, advance)
            finally:
                task.journal.close()
            known = task.part + 1
            yield task.part, content

    def _remember(self, rows: pl.DataFrame) -> None:
        for id, messages in rows.select("id", "messages").iter_rows():
            self._earlier.duplicate_of(id, messages[-1]["content"])

    def _part(self, task: Task, advance: Advance) -> Part:
        attempts: list[tuple[str, str | None]] = []  # where, and what was written
        results: list[dict[str, Any] | SetAside] = []
        missing, asked, most = task.rows, 0, MOST_ATTEMPTS * task.rows
        while missing and asked < most:
            size = min(max(math.ceil(ATTEMPTS * missing), SMALLEST_ROUND), most - asked)
            places = [f"magpie:{task.part}/{attempt}" for attempt in range(asked, asked + size)]
            for place, written in _in_order(places, self._written(places, task.journal)):
                if not missing:
                    continue  # a round may give more than was needed
                attempts.append((place, written.text if isinstance(written, Completion) else None))
                results.append(self._judged(place, written))
                if not isinstance(results[-1], SetAside):
                    missing -= 1
                    advance(1)
            asked += size
        return sort_out(
            pl.DataFrame(attempts, schema={"id": pl.String, "text": pl.String}, orient="row"), results, SCHEMA
        )

    def _written(self, places: Sequence[str], journal: Journal) -> Iterator[tuple[str, Completion | SetAside]]:
        """What was written at each place, in any order; first what an earlier run had written."""
        for place in places:
            if place in journal.rows:
                yield place, Completion(*journal.rows[place])
        requests = [self._request(place) for place in places if place not in journal.rows]
        for place, written in self._generator.generate(requests):
            if isinstance(written, Completion):
                journal.add(place, list(written))
            yield place, written

    def _request(self, place: str) -> Request:
        messages = system_message(self._settings.system_prompt)
        return Request(place, messages, draws.number(self._seed, place), sampling(self._settings), speaker="user")

    def _judged(self, place: str, written: Completion | SetAside) -> dict[str, Any] | SetAside:
        """A row of the seeds; its question is remembered."""
        if isinstance(written, SetAside):
            return written
        if written.finish_reason != "stop":
            return SetAside(f"the question was cut at {written.completion_tokens} tokens")
        question = written.text.strip()
        if not question:
            return SetAside("the question is empty")
        if not self._in_language(question):
            return SetAside(f"the question is not in {self._language.name}")
        id = identity([("user", question)])
        copied = self._earlier.duplicate_of(id, question)
        if copied is not None:
            return SetAside(f"near copy of {copied}")
        messages = [{"role": "user", "content": question}]
        return {"id": id, "messages": messages, "reference": None, "source": place}

    def _in_language(self, question: str) -> bool:
        """Whether its sentences, without code, seem to be in the right language; too few letters to tell pass."""
        units = [Unit(start, end, 0, 0) for start, end in sentences(question, self._language.tag)]
        scores = self._recognise.score([TextPair(question, "", units)], lambda _: None)
        probability: float | None = scores["src_language"][0]
        return probability is None or probability >= IN_LANGUAGE


def _in_order(
    places: Iterable[str], written: Iterable[tuple[str, Completion | SetAside]]
) -> Iterator[tuple[str, Completion | SetAside]]:
    """What was written, in the order of the places, each as soon as all before it are there."""
    order = iter(places)
    due = next(order, None)
    waiting: dict[str, Completion | SetAside] = {}
    for place, result in written:
        waiting[place] = result
        while due in waiting:
            yield due, waiting.pop(due)
            due = next(order, None)
