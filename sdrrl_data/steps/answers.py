"""Answers: the model's answer to each seed in the rich language, made once for all targets."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data import recipe, scoring
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Generator, Ingredient, Scorer, SetAside
from sdrrl_data.run import Part, Run, sort_out
from sdrrl_data.scoring.refusal import refused
from sdrrl_data.scoring.repetition import loops
from sdrrl_data.steps.asking import Asking, Attempts, failed
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
    "sample_score": pl.Float32,  # the score by which it was chosen
}

LOOPING = 0.5  # share of words in repeated runs; songs and lists in good English answers reach 0.42


@dataclass(frozen=True, kw_only=True)
class AnswersStep(Step):
    """The generator's answers to the seeds. Where one of several is chosen, only that one is written."""

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
        answers_settings = self.recipe.answers.shaping()
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
        samples, best_by = self.recipe.answers.samples, self.recipe.answers.best_by
        scorer = scoring.build_best_by(best_by) if samples > 1 and isinstance(best_by, str) else None
        answering = Answering(models.generator(self.recipe.generator), self.recipe, self.src, scorer, self.draw)
        yield lambda tasks: answering.parts(tasks, advance)
        models.close_generator()


class Answering(Asking):
    """Answers the seeds of many parts at once. Over-long prompts and empty answers are set aside; faults are marked.

    Args:
        generator: writes the answers.
        settings: the recipe.
        src: the language of questions and answers.
        scorer: compares several samples with each other; None if there is one sample per question.
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
        super().__init__(generator, settings.generator, settings.answers.samples, settings.seed, draw)
        self._answers_config = settings.answers
        self._src = src
        self._scorer = scorer

    def part(self, seeds: pl.DataFrame, samples: Sequence[Attempts]) -> Part:
        """The best sample of each seed."""
        written = [
            [completion for completion in candidates if isinstance(completion, Completion)] for candidates in samples
        ]
        choices = choose(written, self._scorer) if self._scorer else [BestSample(0, None)] * len(written)
        # If no sample was written, all were refused for the same reason.
        chosen = [
            failed(attempts) or (candidates[choice.index] if candidates else attempts[-1])
            for candidates, attempts, choice in zip(written, samples, choices, strict=True)
        ]
        results = [
            result
            if isinstance(result, SetAside)
            else row(seed, result, choice.index, choice.score, self._answers_config, self._src)
            for seed, result, choice in zip(seeds.iter_rows(named=True), chosen, choices, strict=True)
        ]
        return sort_out(seeds, results, SCHEMA)


def row(
    seed: Mapping[str, Any],
    completion: Completion,
    sample: int,
    score: float | None,
    config: recipe.AnswersConfig,
    src: Language,
) -> dict[str, Any] | SetAside:
    """A row of the table, or why there is none.

    Args:
        seed: a row of the seeds.
        completion: the model's answer.
        sample: which of several samples it is.
        score: by which it was chosen.
        config: what is done with reasoning and with faulty answers.
        src: the language of question and answer.
    """
    faults, text, author = _faults(completion, src), completion.text.strip(), "model"
    if config.faulty == "reference" and (faults or not text) and seed["reference"]:
        text, author = seed["reference"], "reference"
    if not text:
        detail = ", all tokens went to the reasoning" if completion.reasoning else ""
        return SetAside(f"the answer is empty{detail}")
    if author == "model":
        text = as_answer(completion, config)
    return {
        "id": seed["id"],
        "answer": text,
        "author": author,
        "faults": faults,
        "reasoning": completion.reasoning,
        "finish_reason": completion.finish_reason,
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "sample": sample,
        "sample_score": score,
    }


def as_answer(completion: Completion, config: recipe.AnswersConfig) -> str:
    """The text of an answer, with the reasoning before it if the recipe keeps it."""
    text = completion.text.strip()
    if config.thinking == "keep" and completion.reasoning:
        return f"<think>\n{completion.reasoning}\n</think>\n\n{text}"
    return text


def _faults(completion: Completion, src: Language) -> list[str]:
    faults = {
        "cut": completion.finish_reason != "stop",
        "looping": loops(completion.text, src, LOOPING),
        "refused": refused(completion.text, src.tag),
    }
    return [fault for fault, present in faults.items() if present]
