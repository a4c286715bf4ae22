"""The steps that score: one table per scorer, so that a new scorer does not change the scores of the others."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data import scoring
from sdrrl_data.protocols import Advance, Ingredient, Scorer, Translator
from sdrrl_data.recipe import Recipe, ScorerConfig, ScorerContext, scores_of
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.scoring.comparing import ComparingConfig
from sdrrl_data.scoring.counting import CountingConfig
from sdrrl_data.steps import aligner as aligners
from sdrrl_data.steps import scores, shaping, usual
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.steps.target import Target

FEWEST_TO_LEARN = 50
"""Translated questions and answers that an aligner learns from, at least: of 100 sentences, it leaves 26 % of lost
clauses without links (7 words in a row) at the price of 2 % of good sentences, of 1,000 38 % at 1.3 %."""

TEXTS: tuple[Literal["question", "answer"], ...] = ("question", "answer")
OF_ANSWERS: Schema = {"answer_src_finished": pl.Float64, "answer_src_refused": pl.Float64}


@dataclass(frozen=True, kw_only=True)
class HeuristicScoresStep(TargetStep):
    """The scorers that only count, in one table, with what is known of the answers since they were written."""

    # 3: words are judged without marks of emphasis
    # 4: a bracket without its partner is a lost symbol
    version: ClassVar[int] = 4
    needs: ClassVar[Needs] = Needs(cores="all")

    scorers: tuple[CountingConfig, ...]

    @property
    def settings(self) -> Any:
        """The settings of every scorer."""
        return [[scorer.shaping() for scorer in self.scorers], self.src]

    @property
    def schema(self) -> Schema:
        """A column per text and score."""
        return {"id": pl.String, **OF_ANSWERS, **_columns(self.scorers)}

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the scorers once per growth, with what they learned from it."""
        with ExitStack() as stack:

            @lru_cache(maxsize=1)
            def scorer(growth: int) -> Scorer:
                tables = [run.table(name).read(growth) for name in self.learned]
                learned = usual.learned(self.scorers, tables)
                opened = scoring.opened_heuristics(self.scorers, self.target.src, self.target.tgt, learned)
                return stack.enter_context(opened)

            def score(task: Task) -> Part:
                _, answers, translations = task.tables
                of_answers = scores.of_answers(answers, translations)
                if not self.scorers:
                    return Part(of_answers, NOTHING_SET_ASIDE)
                counted = scores.score(scores.pairs_of(*task.tables), scorer(self.growth_of(task.part)), advance)
                counted = _of_texts(counted, self.scorers)
                return Part(scores.joined([of_answers, counted]), NOTHING_SET_ASIDE)

            yield each(score)


@dataclass(frozen=True, kw_only=True)
class ScoresStep(TargetStep):
    """One scorer that judges each pair by itself."""

    # 3: words without marks of emphasis; the round trip also judges sentences
    # 4: a listed word with a usual prefix is no unknown word, and a name of several words is not untranslated
    # 5: what is translated back is sent as the translator can read it
    # 6: a first word that stays is untranslated, too
    version: ClassVar[int] = 6
    needs: ClassVar[Needs] = Needs(gpu=True, cores="all")
    reuses_rows: ClassVar[bool] = True

    scorer: ScorerConfig

    @property
    def settings(self) -> Any:
        """The scorer's settings, its models and sets of texts, and the translator that it needs, if any."""
        translator = None
        if self.scorer.translates_back or self.scorer.asks_translator:
            first, ingredient = next(iter(self.target.translators.items()))
            back = self.target.back.identity() if self.target.back else None
            identity = back if self.scorer.translates_back else ingredient.identity()
            translator = [shaping.translator(self.recipe, self.target, first), identity]
        return [[self.scorer.shaping(), _identities(self.target, self.scorer)], self.src, translator]

    @property
    def schema(self) -> Schema:
        """A column per text and score."""
        return {"id": pl.String, **_columns([self.scorer])}

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the scorer; all other models are closed first, to free their memory."""
        models.close()
        with self.scorer.open(context(self.recipe, self.target, models)) as scorer:

            def score(task: Task) -> Part:
                models.failures.take()
                pairs = scores.pairs_of(*task.tables, with_asked=self.scorer.of_answers)
                scored = self._scored(pairs, scorer, advance)
                return Part(scored, NOTHING_SET_ASIDE, again=models.failures.take())

            yield each(score)

    def _scored(self, pairs: scores.Pairs, scorer: Scorer, advance: Advance) -> pl.DataFrame:
        """The scores of the texts that the scorer judges."""
        of_questions = all(score.of_question for score in self.scorer.declared())
        questions = of_questions or self.scorer.judges("question")
        answers = not of_questions and self.scorer.judges("answer")
        scored = scores.score(pairs, scorer, advance, questions=questions, answers=answers)
        return _of_texts(scored, [self.scorer])


@dataclass(frozen=True, kw_only=True)
class AligningScoresStep(ScoresStep):
    """A scorer that aligns words. If the aligner learns, `learned` names the table for that."""

    version: ClassVar[int] = 1
    needs: ClassVar[Needs] = Needs()
    reuses_rows: ClassVar[bool] = False  # rows depend on what the aligner learned from the others

    @property
    def settings(self) -> Any:
        """The settings of the scorer and of the aligner, and the model or dictionary behind the aligner."""
        identity = self.target.aligner.identity() if self.target.aligner else None
        return [super().settings, self.recipe.code_switching.aligner.shaping(), identity]

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Open the scorer once per growth, with the aligner that was trained after it."""
        with ExitStack() as stack:

            @lru_cache(maxsize=1)
            def scorer(growth: int) -> Scorer:
                aligner = (
                    stack.enter_context(aligners.learned(self, run, growth)) if self._suffices(run, growth) else None
                )
                available = context(self.recipe, self.target, models)._replace(aligner=lambda: aligner)
                return stack.enter_context(self.scorer.open(available))

            def score(task: Task) -> Part:
                pairs = scores.pairs_of(*task.tables)
                scored = self._scored(pairs, scorer(self.growth_of(task.part)), advance)
                return Part(scored, NOTHING_SET_ASIDE)

            yield each(score)

    def _suffices(self, run: Run, growth: int) -> bool:
        """Whether the aligner could learn enough."""
        translations = run.table(self.inputs[-1])
        rows = sum(translations.rows(part) for part in range(self.bounds[growth]))
        return not self.learned or rows >= FEWEST_TO_LEARN


@dataclass(frozen=True, kw_only=True)
class ComparisonStep(TargetStep):
    """A scorer that compares each text with all earlier ones, so that its parts are made in order."""

    version: ClassVar[int] = 2
    ordered: ClassVar[bool] = True

    scorer: ComparingConfig

    @property
    def settings(self) -> Any:
        """The sets that texts are compared with, and the scorer's settings, if it has any."""
        settings = {key: value for key, value in self.scorer.shaping().items() if key != "kind"}
        return [_identities(self.target, self.scorer), self.src, *([settings] if settings else [])]

    @property
    def schema(self) -> Schema:
        """A column per text and score."""
        return {"id": pl.String, **_columns([self.scorer])}

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Read the sets to compare with."""
        available = context(self.recipe, self.target, models)
        questions, answers = (
            self.scorer.compare(available, text) if self.scorer.judges(text) else None for text in TEXTS
        )
        remembered = 0  # parts

        def score(task: Task) -> Part:
            nonlocal remembered
            for part in range(remembered, task.part):
                earlier = scores.pairs_of(*(run.table(name).read(part) for name in self.inputs))
                for comparing, texts in (questions, earlier.questions), (answers, earlier.answers):
                    if comparing:
                        comparing.remember(earlier.ids, texts)
            remembered = task.part + 1
            compared = scores.compare(scores.pairs_of(*task.tables), questions, answers, advance)
            return Part(compared, NOTHING_SET_ASIDE)

        yield each(score)


def context(recipe: Recipe, target: Target, models: ModelPool) -> ScorerContext:
    """What a scorer may use. The first translator also translates back, and judges translations."""
    first = recipe.translator[0]

    def translator() -> Translator | None:
        return models.translator(first, target.src, target.tgt, recipe) if first.gives_probabilities else None

    return ScorerContext(
        target.src,
        target.tgt,
        lambda: models.translator(first, target.tgt, target.src, recipe),
        lambda config: models.generator(config or recipe.generator),
        recipe.seed,
        translator=translator,
    )


def _identities(target: Target, scorer: ScorerConfig) -> list[list[str | None]]:
    ingredients: Sequence[Ingredient] = target.scorers[scorer.called()]
    return [ingredient.identity() for ingredient in ingredients]


def _of_texts(scored: pl.DataFrame, scorers: Iterable[ScorerConfig]) -> pl.DataFrame:
    """Answers get the scores that judge only their questions; texts that a scorer shall not judge get none."""
    columns: dict[str, pl.Expr] = {}
    for scorer in scorers:
        for score, text in product(scorer.declared(), TEXTS):
            judged = "question" if score.of_question else text
            for name in score.columns:
                value = pl.col(f"{judged}_{name}") if scorer.judges(text) else pl.lit(None, pl.Float64)
                columns[f"{text}_{name}"] = value
    return scored.with_columns(**columns)


def _columns(scorers: Iterable[ScorerConfig]) -> Schema:
    """The scores of questions and of answers. Text columns that explain them are up to the scorer."""
    names = [score for scorer in scorers for score in scores_of(scorer)]
    return {f"{text}_{score}": pl.Float64 for text in TEXTS for score in names}
