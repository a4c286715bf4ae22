"""Direct answers: the generator's answers to the translated questions, in the target language.

They are what a model does by itself, and no part of the transfer set: a control is made of them (`respond`, as Li et
al. 2023 make Bactrian-X, https://arxiv.org/abs/2305.15011), and preferences (`preferences`).
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.protocols import Advance, Scorer, TextPair, Unit
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.scoring.chrf import chrf_plus_plus
from sdrrl_data.steps.answers import AnswersStep
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.scoring_steps import context
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.text.segments import sentences

SCORES: Schema = {
    "id": pl.String,
    "language": pl.Float64,  # probability of the target language; null if it is short, or no scorer of the recipe tells
    "chrf": pl.Float64,  # chrF++ against the translated answer, from 0 to 100 (identical)
}


@dataclass(frozen=True, kw_only=True)
class DirectAnswersStep(AnswersStep):
    """The generator's answers to the questions of one target; reads seeds and translations. `src` is the target."""

    version: ClassVar[int] = 1
    draw: ClassVar[str] = "direct answer"

    @property
    def reads_references(self) -> bool:
        """No reference replaces a faulty answer: it would not be the model's."""
        return False

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the generator, as for the answers."""
        with super().open(run, models, advance) as work:

            def answered(tasks: Iterable[Task]) -> Iterator[tuple[int, Part]]:
                return work(task._replace(tables=[_as_seeds(task.tables[-1])]) for task in tasks)

            yield answered


@dataclass(frozen=True, kw_only=True)
class DirectScoresStep(TargetStep):
    """In which language each direct answer is, and how far it is from the translated answer (`SCORES`).

    Reads translations and direct answers.
    """

    needs: ClassVar[Needs] = Needs(cores="all")

    @property
    def settings(self) -> Any:
        """The scorer that tells languages, and its model."""
        scorer = _teller(self.recipe.scorers)
        if scorer is None:
            return [self.tgt, None]
        return [self.tgt, scorer.shaping(), [part.identity() for part in self.target.scorers[scorer.called()]]]

    @property
    def schema(self) -> Schema:
        """See `SCORES`."""
        return SCORES

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the scorer; both of its sides are the target language."""
        config, tgt = _teller(self.recipe.scorers), self.target.tgt
        with ExitStack() as stack:
            language: Scorer | None = None
            if config:
                within = context(self.recipe, self.target, models)._replace(src=tgt)
                language = stack.enter_context(config.open(within))
            chrf = chrf_plus_plus()

            def score(task: Task) -> Part:
                translations, answers = task.tables
                translated = translations.select("id", translated="answer")
                rows = answers.select("id", "answer").join(translated, on="id", maintain_order="left")
                pairs = [_within(text, tgt.tag) for text in rows["answer"]]
                told = language.score(pairs, lambda _: None)["language"] if language else [None] * rows.height
                near = [chrf(*texts) for texts in rows.select("answer", "translated").iter_rows()]
                advance(rows.height)
                scored = {"id": rows["id"], "language": told, "chrf": near}
                return Part(pl.DataFrame(scored, schema=SCORES), NOTHING_SET_ASIDE)

            yield each(score)


def _as_seeds(translations: pl.DataFrame) -> pl.DataFrame:
    """The translated questions as `Answering` takes seeds."""
    return translations.select("id", messages="question", reference=pl.lit(None, dtype=pl.String))


def _teller(scorers: Iterable[ScorerConfig]) -> ScorerConfig | None:
    """The first scorer that tells in which language a text is."""
    return next((scorer for scorer in scorers if scorer.tells_language), None)


def _within(text: str, tag: str) -> TextPair:
    """A text beside itself, sentence by sentence."""
    return TextPair(text, text, [Unit(start, end, start, end) for start, end in sentences(text, tag)])
