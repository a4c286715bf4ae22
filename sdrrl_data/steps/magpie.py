"""Seeds that the generator writes itself: what a user would ask after the chat template's user header (Magpie)."""

import json
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
from sdrrl_data.steps.seed_ids import identity
from sdrrl_data.steps.seeds import SCHEMA
from sdrrl_data.steps.step import Needs, Step, Work
from sdrrl_data.text.near_duplicates import NearDuplicates
from sdrrl_data.text.segments import sentences

MOST_ATTEMPTS = 5  # per wanted question
ATTEMPTS = 1.2  # in a round, per missing question
SMALLEST_ROUND = 8  # attempts
RECALL = 0.999  # share of near copies exactly at the threshold that are found
CUT = "the question was cut"
IN_LANGUAGE = 0.2  # probability; one in a thousand real English questions has less


@dataclass(frozen=True, kw_only=True)
class MagpieStep(Step):
    """Seeds that the generator writes."""

    version: ClassVar[int] = 2
    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    ordered: ClassVar[bool] = True
    reuses_rows: ClassVar[bool] = True

    generator: Ingredient
    src: Language
    magpie: recipe.MagpieConfig

    @property
    def settings(self) -> Any:
        """How the generator writes the seeds."""
        return [self.magpie.shaping(), self.recipe.generator.shaping(), self.generator.identity(), self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `seeds.SCHEMA`."""
        return SCHEMA

    def shortened(self, content: Part, rows: int) -> Part:
        """The first questions, and the attempts before the last of them that were set aside."""
        questions = content.rows.head(rows)
        last = _attempt(questions["source"][-1])
        earlier_attempts = pl.Series([_attempt(place) < last for place in content.set_aside["id"]], dtype=pl.Boolean)
        return Part(questions, content.set_aside.filter(earlier_attempts))

    def journaled(self, content: Part) -> dict[str, Any]:
        """Every attempt but those that were cut, or that the model refused."""
        texts = {row["source"]: row["messages"][-1]["content"] for row in content.rows.iter_rows(named=True)}
        for place, reason, row in content.set_aside.iter_rows():
            text = json.loads(row)["text"]
            if text is not None and not reason.startswith(CUT):
                texts[place] = text
        return {place: list(Completion(text, "stop", None, None)) for place, text in texts.items()}

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator."""
        writer = Writer(models.generator(self.recipe.generator), self.magpie, self.src, self.recipe.seed)
        yield lambda tasks: writer.parts(tasks, run.table(self.table), advance)


class Writer:
    """Lets the generator write questions, and keeps the good ones.

    Source: Xu et al. 2024, https://arxiv.org/abs/2406.08464.

    Args:
        generator: writes the questions.
        settings: how it writes, and what counts as a near copy.
        language: the language of the questions.
        seed: the recipe's.

    Raises:
        UserError: the package that identifies the language is not installed.
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

        A part has as many questions as its task wants, or fewer if five times as many attempts were not enough. An
        attempt that was cut, empty, in another language, or a near copy of an earlier question is set aside. Its id and
        the source of a question have the form "magpie:PART/ATTEMPT". Every attempt is stored in the part's journal as
        soon as it is finished. Attempts are judged in order, whatever the order in which the generator finishes them.

        Args:
            tasks: the parts to make, in order.
            seeds: the table of the parts; all parts before a task are written by the time the task is taken.
            advance: called for every good question.
        """
        remembered = 0  # parts whose questions are remembered
        for task in tasks:
            for earlier in range(remembered, task.part):
                self._remember(seeds.read(earlier))
            try:
                content = self._part(task, advance)
            finally:
                task.journal.close()
            remembered = task.part + 1
            yield task.part, content

    def _remember(self, rows: pl.DataFrame) -> None:
        for id, messages in rows.select("id", "messages").iter_rows():
            self._earlier.duplicate_of(id, messages[-1]["content"])

    def _part(self, task: Task, advance: Advance) -> Part:
        attempts: list[tuple[str, str | None]] = []  # place, text
        results: list[dict[str, Any] | SetAside] = []
        missing, attempted, limit = task.rows, 0, MOST_ATTEMPTS * task.rows
        while missing and attempted < limit:
            size = min(max(math.ceil(ATTEMPTS * missing), SMALLEST_ROUND), limit - attempted)
            places = [f"magpie:{task.part}/{attempt}" for attempt in range(attempted, attempted + size)]
            for place, written in _in_order(places, self._written(places, task.journal)):
                if not missing:
                    continue  # a round may write more than is needed
                attempts.append((place, written.text if isinstance(written, Completion) else None))
                results.append(self._judged(place, written))
                if not isinstance(results[-1], SetAside):
                    missing -= 1
                    advance(1)
            attempted += size
        return sort_out(
            pl.DataFrame(attempts, schema={"id": pl.String, "text": pl.String}, orient="row"), results, SCHEMA
        )

    def _written(self, places: Sequence[str], journal: Journal) -> Iterator[tuple[str, Completion | SetAside]]:
        """The result at each place, in any order; first those that an earlier run wrote."""
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
        """The row of a good question, which is then remembered; otherwise why the attempt is set aside."""
        if isinstance(written, SetAside):
            return written
        if written.finish_reason != "stop":
            return SetAside(f"{CUT} at {written.completion_tokens} tokens")
        question = written.text.strip()
        if not question:
            return SetAside("the question is empty")
        if not self._in_language(question):
            return SetAside(f"the question is not in {self._language.name}")
        id = identity([("user", question)])
        original_id = self._earlier.duplicate_of(id, question)
        if original_id is not None:
            return SetAside(f"near copy of {original_id}")
        messages = [{"role": "user", "content": question}]
        return {"id": id, "messages": messages, "reference": None, "source": place}

    def _in_language(self, question: str) -> bool:
        """Whether its sentences, without code, seem to be in the right language; too short a question passes."""
        units = [Unit(start, end, 0, 0) for start, end in sentences(question, self._language.tag)]
        scores = self._recognise.score([TextPair(question, "", units)], lambda _: None)
        probability: float | None = scores["src_language"][0]
        return probability is None or probability >= IN_LANGUAGE


def _attempt(place: str) -> int:
    """The number of an attempt within its part, from its place, "magpie:PART/ATTEMPT"."""
    return int(place.rpartition("/")[2])


def _in_order(
    places: Iterable[str], written: Iterable[tuple[str, Completion | SetAside]]
) -> Iterator[tuple[str, Completion | SetAside]]:
    """The results in the order of the places, each as soon as all before it are finished."""
    order = iter(places)
    next_place = next(order, None)
    waiting: dict[str, Completion | SetAside] = {}
    for place, result in written:
        waiting[place] = result
        while next_place in waiting:
            yield next_place, waiting.pop(next_place)
            next_place = next(order, None)
