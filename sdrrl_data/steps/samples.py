"""Samples: every answer to a question, where it has several, their scores, and the one that is chosen.

Several models may answer, and the best answer is chosen by row: Odumakinde et al. 2024 (multilingual arbitrage),
https://arxiv.org/abs/2408.14960.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import polars as pl

from sdrrl_data import scoring
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Ingredient, Scorer, SetAside, Translator
from sdrrl_data.recipe import GeneratorConfig, Recipe, ScorerConfig, ScorerContext
from sdrrl_data.run import Part, Run, Task, sort_out
from sdrrl_data.steps import answers, text_pairs
from sdrrl_data.steps.answers import AnswersStep
from sdrrl_data.steps.asking import Asking, Attempts, failed
from sdrrl_data.steps.best_of import best, likeness
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, Step, Work, each

OF_SAMPLES, OF_SCORES = "samples", "sample_scores"  # tables
SCORED = pl.List(pl.Struct({"generator": pl.String, "sample": pl.Int32, "score": pl.Float32}))
SAMPLES: Schema = {
    "id": pl.String,
    "samples": pl.List(
        pl.Struct(
            {
                "sample": pl.Int32,  # counted from 0; one that the model refused is missing
                "text": pl.String,
                "reasoning": pl.String,
                "finish_reason": pl.String,
                "prompt_tokens": pl.Int32,
                "completion_tokens": pl.Int32,
            }
        )
    ),
}
SCORES: Schema = {"id": pl.String, "scores": SCORED}
GENERATOR: Schema = {"generator": pl.String}  # a column of the answers, if several models answer: whose it is


def tables(recipe: Recipe) -> dict[str, str]:
    """The tables with the samples, by the names of the models; empty if a question has only one answer."""
    names = list(recipe.answering) if recipe.chooses_answers else []
    return {name: OF_SAMPLES if len(names) == 1 else f"{OF_SAMPLES}-{name}" for name in names}


def one_by_one(read: Mapping[str, pl.DataFrame], recipe: Recipe) -> pl.DataFrame:
    """A row for each sample: `id`, `generator`, `sample`, `finish_reason`, `score`, and `text` as an answer has it.

    Args:
        read: the rows of some seeds in the tables of samples and of scores, by the names of the tables.
        recipe: of the run.
    """
    text, reasoning = pl.col("text").str.strip_chars(), pl.col("reasoning")
    if recipe.answers.thinking == "keep":
        thought = pl.format("<think>\n{}\n</think>\n\n{}", reasoning, text)
        text = pl.when(reasoning.is_null() | (reasoning == "")).then(text).otherwise(thought)
    samples = pl.concat(
        read[table]
        .explode("samples")
        .unnest("samples")
        .select("id", "sample", "finish_reason", generator=pl.lit(name), text=text)
        for name, table in tables(recipe).items()
    )
    scores = read[OF_SCORES].explode("scores").unnest("scores")
    return samples.join(scores, on=["id", "generator", "sample"], how="left", maintain_order="left")


class Candidate(NamedTuple):
    """One of the answers to a question."""

    generator: str  # its name in tables
    sample: int
    completion: Completion


@dataclass(frozen=True, kw_only=True)
class SamplesStep(Step):
    """All samples of one model. A part is only made where the answers of the part are not chosen yet."""

    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    keeps_rows: ClassVar[bool] = True
    reuses_rows: ClassVar[bool] = True

    config: GeneratorConfig
    generator: Ingredient

    @property
    def settings(self) -> Any:
        """How the generator answers, and how often."""
        samples = self.recipe.answers.samples
        return [self.config.shaping(), samples, self.generator.identity(), self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `SAMPLES`."""
        return SAMPLES

    @property
    def asks_model(self) -> bool:
        """A server may refuse today what it answers tomorrow."""
        return True

    @property
    def only_if_read(self) -> bool:
        """The answers of an earlier version, which kept no samples, stay as they are."""
        return True

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator; close it at the end, because the following steps need its memory."""
        samples, seed = self.recipe.answers.samples, self.recipe.seed
        sampling = _Sampling(models.generator(self.config), self.config, samples, seed, AnswersStep.draw)
        yield lambda tasks: sampling.parts(tasks, advance)
        models.close_generator()


class _Sampling(Asking):
    def part(self, seeds: pl.DataFrame, samples: Sequence[Attempts]) -> Part:
        results = [_row(id, attempts) for id, attempts in zip(seeds["id"], samples, strict=True)]
        return sort_out(seeds, results, SAMPLES)


def _row(id: str, attempts: Attempts) -> dict[str, Any] | SetAside:
    if failure := failed(attempts):
        return failure
    written = [
        {"sample": number} | attempt._asdict()
        for number, attempt in enumerate(attempts)
        if isinstance(attempt, Completion)
    ]
    refused = attempts[-1]  # if no sample was written, all were refused for the same reason
    return refused if isinstance(refused, SetAside) and not written else {"id": id, "samples": written}


@dataclass(frozen=True, kw_only=True)
class _OfSamplesStep(Step):
    """A step that reads the samples. `inputs` begins with the seeds and the samples of each model."""

    generators: tuple[str, ...]  # the names of the models, in the order of their tables
    src: Language

    def candidates(self, tables: Sequence[pl.DataFrame]) -> dict[str, list[Candidate]]:
        """The answers to each seed of a part, in the order of models and samples."""
        of_seeds: dict[str, list[Candidate]] = {id: [] for id in tables[0]["id"]}
        for name, samples in zip(self.generators, tables[1:], strict=False):
            for id, written in samples.select("id", "samples").iter_rows():
                of_seeds[id] += [Candidate(name, row.pop("sample"), Completion(**row)) for row in written]
        return of_seeds


@dataclass(frozen=True, kw_only=True)
class SampleScoresStep(_OfSamplesStep):
    """The score of each sample, by what the recipe chooses with."""

    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    reuses_rows: ClassVar[bool] = True

    scorer: tuple[Ingredient, ...]  # the models behind it

    @property
    def settings(self) -> Any:
        """What scores, and the models behind it."""
        best_by = self.recipe.answers.best_by
        shaping = best_by.shaping() if isinstance(best_by, ScorerConfig) else best_by
        return [shaping, [part.identity() for part in self.scorer], self.src.tag, self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `SCORES`."""
        return SCORES

    @property
    def only_if_read(self) -> bool:
        """As the samples."""
        return True

    def wanted(self, tables: Sequence[pl.DataFrame]) -> set[str]:
        """The seeds that a model has answered."""
        return {id for id, candidates in self.candidates(tables).items() if candidates}

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the scorer; all other models are closed first, to free their memory."""
        models.close()
        best_by = self.recipe.answers.best_by
        with ExitStack() as stack:
            if isinstance(best_by, ScorerConfig):
                opened, column = stack.enter_context(best_by.open(self._context(models))), best_by.declared()[0].name
            else:
                opened, column = scoring.build_best_by(best_by), None

            def score(task: Task) -> Part:
                models.failures.take()
                asked = dict(task.tables[0].select("id", "messages").iter_rows())
                answered = {id: some for id, some in self.candidates(task.tables).items() if some}
                texts = [[sample.completion.text.strip() for sample in some] for some in answered.values()]
                if column is None:
                    scores = likeness(texts, opened)
                else:
                    scores = _judged([asked[id] for id in answered], texts, opened, column)
                advance(task.tables[0].height)
                rows = [
                    {"id": id, "scores": _scored(some, of_seed)}
                    for (id, some), of_seed in zip(answered.items(), scores, strict=True)
                ]
                again = models.failures.take()
                return sort_out(task.tables[0].filter(pl.col("id").is_in(list(answered))), rows, SCORES)._replace(
                    again=again
                )

            yield each(score)

    def _context(self, models: ModelPool) -> ScorerContext:
        """What a scorer of answers may use: there is one language, and no translator."""

        def no_translator() -> Translator:
            raise ValueError("a scorer that translates back judges no samples")

        return ScorerContext(
            self.src,
            self.src,
            no_translator,
            lambda config: models.generator(config or self.recipe.generator),
            self.recipe.seed,
        )


def _judged(
    asked: Sequence[Any], texts: Sequence[Sequence[str]], scorer: Scorer, column: str
) -> list[list[float | None]]:
    """The scores of the texts of each question by a scorer that judges answers."""
    pairs = [
        text_pairs.sample(messages, text)
        for messages, of_question in zip(asked, texts, strict=True)
        for text in of_question
    ]
    scores = iter(scorer.score(pairs, lambda _: None)[column])
    return [[next(scores) for _ in of_question] for of_question in texts]


def _scored(candidates: Sequence[Candidate], scores: Sequence[float | None]) -> list[dict[str, Any]]:
    return [
        {"generator": candidate.generator, "sample": candidate.sample, "score": score}
        for candidate, score in zip(candidates, scores, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class BestAnswersStep(_OfSamplesStep):
    """The best sample of each seed. `inputs` ends with the scores, if the recipe chooses by any."""

    reuses_rows: ClassVar[bool] = True
    chooses: ClassVar[bool] = True

    formerly: AnswersStep | None  # the step that wrote the same rows when only the best sample was kept

    @property
    def settings(self) -> Any:
        """What is done with the answers, and who gives them."""
        answers_config = self.recipe.answers
        return [answers_config.thinking, answers_config.faulty, self.src.tag, list(self.generators)]

    @property
    def schema(self) -> Schema:
        """That of the answers, with whose each is if several models answer."""
        return answers.SCHEMA | (GENERATOR if len(self.generators) > 1 else {})

    @property
    def reads_references(self) -> bool:
        """Only if they replace faulty answers."""
        return self.recipe.answers.faulty == "reference"

    def wanted(self, tables: Sequence[pl.DataFrame]) -> set[str]:
        """All seeds: those that no model has answered are set aside here, too."""
        return set(tables[0]["id"])

    @property
    def replaces(self) -> Step | None:
        """The step that earlier versions had for this table."""
        return self.formerly

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Nothing has to be loaded."""

        def choose(task: Task) -> Part:
            seeds, candidates, scores = task.tables[0], self.candidates(task.tables), self._scores(task.tables)
            reasons = self._reasons(run, task.part)
            results = [
                self._best(seed, candidates[seed["id"]], scores) if candidates[seed["id"]] else reasons[seed["id"]]
                for seed in seeds.iter_rows(named=True)
            ]
            advance(seeds.height)
            return sort_out(seeds, results, self.schema)

        yield each(choose)

    def _scores(self, tables: Sequence[pl.DataFrame]) -> dict[tuple[str, str, int], float | None]:
        """The score of each sample: id of its seed, name of its model, and number -> score."""
        of_scores = tables[1 + len(self.generators) :]
        return {
            (id, row["generator"], row["sample"]): row["score"]
            for table in of_scores
            for id, scored in table.select("id", "scores").iter_rows()
            for row in scored
        }

    def _best(
        self,
        seed: Mapping[str, Any],
        candidates: Sequence[Candidate],
        scores: Mapping[tuple[str, str, int], float | None],
    ) -> dict[str, Any] | SetAside:
        of_seed = [scores.get((seed["id"], candidate.generator, candidate.sample)) for candidate in candidates]
        choice = best([candidate.completion for candidate in candidates], of_seed)
        chosen = candidates[choice.index]
        answer = answers.row(seed, chosen.completion, chosen.sample, choice.score, self.recipe.answers, self.src)
        return (
            answer
            if isinstance(answer, SetAside) or "generator" not in self.schema
            else (answer | {"generator": chosen.generator})
        )

    def _reasons(self, run: Run, part: int) -> dict[str, SetAside]:
        """Why no model has answered a seed."""
        reasons: dict[str, list[str]] = {}
        for name, table in zip(self.generators, self.inputs[1:], strict=False):
            prefix = f"{name}: " if len(self.generators) > 1 else ""
            for id, reason in run.table(table).set_aside(part).select("id", "reason").iter_rows():
                reasons.setdefault(id, []).append(prefix + reason)
        return {id: SetAside("; ".join(of_seed)) for id, of_seed in reasons.items()}
