"""Answers: the model's answer to each seed in the rich language, made once for all targets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data import recipe, scoring
from sdrrl_data.chat.conversations import conversation, sampling
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Generator, Ingredient, Request, Scorer, SetAside
from sdrrl_data.recipe import draws
from sdrrl_data.run import Part, Run, Task, sort_out
from sdrrl_data.scoring.refusal import refused
from sdrrl_data.scoring.repetition import loops
from sdrrl_data.steps.best_of import BestSample, choose
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, Step, Work

SCHEMA: Schema = {
    "id": pl.String,
    "answer": pl.String,
    "author": pl.String,  # "model"; "reference", which replaces a faulty one; or "native", a text's translation
    "faults": pl.List(pl.String),  # of the model's answer: cut, looping, refused
    "reasoning": pl.String,  # what a thinking model wrote before its answer
    "finish_reason": pl.String,
    "prompt_tokens": pl.Int32,
    "completion_tokens": pl.Int32,  # of reasoning and answer
    "sample": pl.Int32,  # which of several samples it is, counted from 0
    "sample_score": pl.Float32,  # its mean score against the other samples
}

LOOPING = 0.5  # share of words in repeated runs; songs and lists in good English answers reach 0.42


@dataclass(frozen=True, kw_only=True)
class AnswersStep(Step):
    """The generator's answers to the seeds."""

    version: ClassVar[int] = 2  # 2: an answer that repeats a third of its words is not called looping
    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    keeps_rows: ClassVar[bool] = True
    reuses_rows: ClassVar[bool] = True
    draw: ClassVar[str] = "answer"  # names the draws of its samples

    generator: Ingredient
    src: Language

    @property
    def settings(self) -> Any:
        """How the generator answers, and what is done with its answers."""
        answers_settings = self.recipe.answers.model_dump(mode="json")
        return [self.recipe.generator.shaping(), answers_settings, self.generator.identity(), self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @property
    def asks_model(self) -> bool:
        """A server may refuse today what it answers tomorrow."""
        return True

    @property
    def reads_references(self) -> bool:
        """Only if they replace faulty answers."""
        return self.recipe.answers.faulty == "reference"

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator; close it at the end, because the following steps need its memory."""
        answers_config = self.recipe.answers
        scorer = scoring.build_best_by(answers_config.best_by) if answers_config.samples > 1 else None
        answering = Answering(models.generator(self.recipe.generator), self.recipe, self.src, scorer, self.draw)
        yield lambda tasks: answering.parts(tasks, advance)
        models.close_generator()


class Answering:
    """Answers the seeds of many parts at once, so that an engine never idles at the end of a part.

    Args:
        generator: writes the answers.
        settings: the recipe.
        src: the language of questions and answers.
        scorer: chooses among several samples; None if there is one sample per question.
        draw: names the draws of the samples.
    """

    def __init__(
        self,
        generator: Generator,
        settings: recipe.Recipe,
        src: Language,
        scorer: Scorer | None = None,
        draw: str = AnswersStep.draw,
    ) -> None:
        self._generator = generator
        self._settings = settings
        self._src = src
        self._scorer = scorer
        self._draw = draw

    def parts(self, tasks: Iterable[Task], advance: Advance) -> Iterator[tuple[int, Part]]:
        """Each part (from a part of the seeds) with its number, in the order in which they are finished.

        Every sample is stored in its part's journal as soon as it is finished. Over-long prompts and empty answers are
        set aside; answers with faults are marked. If a server failed at a sample, its seed is set aside to be asked
        again.
        """
        unfinished: dict[str, _UnfinishedPart] = {}
        share = 1 / self._settings.answers.samples

        def requests() -> Iterator[Request]:
            for task in tasks:
                part = unfinished[str(task.part)] = _UnfinishedPart(task, self._settings, self._draw)
                advance((part.wanted - part.missing) * share)
                yield from part.requests()

        try:
            for key, result in self._generator.generate(requests()):
                number, _, sample = key.partition("/")
                part = unfinished[number]
                part.add(sample, result)
                advance(share)
                if not part.missing:
                    yield part.task.part, self._part(unfinished.pop(number))
            for part in unfinished.values():  # all their samples were in the journal
                yield part.task.part, self._part(part)
        finally:
            for part in unfinished.values():
                part.task.journal.close()

    def _part(self, finished: "_UnfinishedPart") -> Part:
        finished.task.journal.close()
        rows, samples = finished.task.tables[0], finished.samples()
        written = [
            [completion for completion in candidates if isinstance(completion, Completion)] for candidates in samples
        ]
        choices = choose(written, self._scorer) if self._scorer else [BestSample(0, None)] * len(written)
        # If no sample was written, all were refused for the same reason.
        chosen = [
            _failed(attempts) or (candidates[choice.index] if candidates else attempts[-1])
            for candidates, attempts, choice in zip(written, samples, choices, strict=True)
        ]
        results = [
            self._row(seed, completion_or_refusal, choice)
            for seed, completion_or_refusal, choice in zip(rows.iter_rows(named=True), chosen, choices, strict=True)
        ]
        return sort_out(rows, results, SCHEMA)

    def _row(
        self, seed: Mapping[str, Any], completion: Completion | SetAside, choice: BestSample
    ) -> dict[str, Any] | SetAside:
        if isinstance(completion, SetAside):
            return completion
        answers_config = self._settings.answers
        faults, text, author = self._faults(completion), completion.text.strip(), "model"
        if answers_config.faulty == "reference" and (faults or not text) and seed["reference"]:
            text, author = seed["reference"], "reference"
        if not text:
            detail = ", all tokens went to the reasoning" if completion.reasoning else ""
            return SetAside(f"the answer is empty{detail}")
        if answers_config.thinking == "keep" and completion.reasoning and author == "model":
            text = f"<think>\n{completion.reasoning}\n</think>\n\n{text}"
        return {
            "id": seed["id"],
            "answer": text,
            "author": author,
            "faults": faults,
            "reasoning": completion.reasoning,
            "finish_reason": completion.finish_reason,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "sample": choice.index,
            "sample_score": choice.score,
        }

    def _faults(self, completion: Completion) -> list[str]:
        faults = {
            "cut": completion.finish_reason != "stop",
            "looping": loops(completion.text, self._src, LOOPING),
            "refused": refused(completion.text, self._src.tag),
        }
        return [fault for fault, present in faults.items() if present]


class _UnfinishedPart:
    """A part of which some samples are finished."""

    def __init__(self, task: Task, settings: recipe.Recipe, draw: str) -> None:
        self.task = task
        self._settings = settings
        self._draw = draw
        self._seeds = task.tables[0]
        stored = task.journal.rows
        self._results = {key: _restored(stored[key]) for key in self._keys() if key in stored}
        self.wanted = self._seeds.height * settings.answers.samples
        self.missing = self.wanted - len(self._results)

    def requests(self) -> Iterator[Request]:
        """The requests that are still to be made."""
        sampling_settings = sampling(self._settings.generator)
        for id, messages in self._seeds.select("id", "messages").iter_rows():
            conversation_messages = conversation(messages, self._settings.generator)
            for sample in range(self._settings.answers.samples):
                key = f"{id}/{sample}"
                if key not in self._results:
                    sample_key = (sample,) if sample else ()
                    seed = draws.number(self._settings.seed, self._draw, id, *sample_key)
                    yield Request(f"{self.task.part}/{key}", conversation_messages, seed, sampling_settings)

    def add(self, key: str, result: Completion | SetAside) -> None:
        """Store a sample; the journal does not get what a server failed at."""
        if isinstance(result, Completion):
            self.task.journal.add(key, list(result))
        elif not result.again:
            self.task.journal.add(key, [result.reason])
        self._results[key] = result
        self.missing -= 1

    def samples(self) -> list[list[Completion | SetAside]]:
        """The samples of each seed, in order."""
        count = range(self._settings.answers.samples)
        return [[self._results[f"{id}/{sample}"] for sample in count] for id in self._seeds["id"]]

    def _keys(self) -> Iterator[str]:
        return (f"{id}/{sample}" for id in self._seeds["id"] for sample in range(self._settings.answers.samples))


def _failed(attempts: Sequence[Completion | SetAside]) -> SetAside | None:
    """The first sample that a server failed at."""
    return next((attempt for attempt in attempts if isinstance(attempt, SetAside) and attempt.again), None)


def _restored(value: Sequence[Any]) -> Completion | SetAside:
    return SetAside(*value) if len(value) == 1 else Completion(*value)
