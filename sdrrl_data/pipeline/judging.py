"""The steps that judge: a table of scores a scorer, then the verdicts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any

import polars as pl

from sdrrl_data import scoring
from sdrrl_data.pipeline.shaping import translator_settings
from sdrrl_data.protocols import Advance, Ingredient, Scorer
from sdrrl_data.recipe import HEURISTICS, Recipe, ScorerConfig, scorer_name
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.scoring.comparing import ComparingConfig
from sdrrl_data.scoring.counting import CountingConfig
from sdrrl_data.steps import scores, usual_pairs, verdicts
from sdrrl_data.steps.model_pool import InMemory
from sdrrl_data.steps.step import Step, Target, Work, each

TOGETHER = 16  # parts that are judged at once: what a part costs, whatever its size, is then paid once


class Judging:
    """The steps that judge a target's pairs.

    Args:
        recipe: what to do.
        models: what holds generator and translator.
        bound: how many parts the run had when a part was new.
    """

    def __init__(self, recipe: Recipe, models: InMemory, bound: Callable[[int], int]) -> None:
        self._recipe = recipe
        self._models = models
        self._bound = bound

    def steps(self, target: Target) -> list[Step]:
        """A step a scorer, so that one more leaves the others' scores alone; those that only count share one."""
        counting = [own for own in self._recipe.scorers if isinstance(own, CountingConfig)]
        others = [own for own in self._recipe.scorers if not isinstance(own, CountingConfig)]
        scored = [
            self._heuristics(target, counting),
            *(
                self._compared(target, own) if isinstance(own, ComparingConfig) else self._scored(target, own)
                for own in others
            ),
        ]
        return [*scored, self._verdicts(target, [step.table for step in scored])]

    def scorer(self, scorer_config: ScorerConfig, target: Target) -> AbstractContextManager[Scorer]:
        """A scorer of pairs, each by itself."""
        return scoring.opened(scorer_config, self._context(target))

    def _context(self, target: Target) -> scoring.Context:
        """What a scorer may need; the first translator also translates back."""
        first = self._recipe.translator[0]
        return scoring.Context(
            target.src,
            target.tgt,
            lambda: self._models.translator(first, target.tgt, target.src),
            self._models.generator,
            self._recipe.seed,
        )

    def _scored(self, target: Target, own: ScorerConfig) -> Step:
        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            self._models.close()  # the memory is wanted by others
            with self.scorer(own, target) as scorer:
                yield each(lambda task: _part(scores.score(scores.pairs_of(*task.tables), scorer, advance)))

        name = scorer_name(own)
        back = None
        if own.translates_back:
            first = next(iter(target.translators))
            back = [translator_settings(self._recipe, target, first), target.back.identity() if target.back else None]
        made_by = [own.shaping(), _identities(target.scorers[name])]
        return Step(target.table(f"scores-{name}"), target.pairs, [made_by, target.src.tag, back], open_)

    def _heuristics(self, target: Target, counting: Sequence[CountingConfig]) -> Step:
        learning = any(own.learns_usual for own in counting)

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            with ExitStack() as stack:

                @lru_cache(maxsize=1)
                def scorer(bound: int) -> Scorer:
                    usual = usual_pairs.sample(run, target.pairs, bound) if learning else []
                    return stack.enter_context(scoring.opened_heuristics(counting, target.src, target.tgt, usual))

                def score(task: Task) -> Part:
                    _, answered, translated = task.tables
                    known = scores.of_answers(answered, translated)
                    if not counting:
                        return _part(known)
                    counted = scores.score(scores.pairs_of(*task.tables), scorer(self._bound(task.part)), advance)
                    return _part(scores.joined([known, counted]))

                yield each(score)

        settings = [[own.shaping() for own in counting], target.src.tag]
        table = target.table(f"scores-{HEURISTICS}")
        return Step(table, target.pairs, settings, open_, whole=target.pairs if learning else ())

    def _compared(self, target: Target, own: ComparingConfig) -> Step:
        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            context = self._context(target)
            questions, answered = own.compare(context, "question"), own.compare(context, "answer")
            seen = 0  # parts whose texts are remembered

            def score(task: Task) -> Part:
                nonlocal seen
                for part in range(seen, task.part):
                    earlier = scores.pairs_of(*(run.table(name).read(part) for name in target.pairs))
                    questions.remember(earlier.ids, earlier.questions)
                    answered.remember(earlier.ids, earlier.answers)
                seen = task.part + 1
                return _part(scores.compare(scores.pairs_of(*task.tables), questions, answered, advance))

            yield each(score)

        name = scorer_name(own)
        settings = {key: value for key, value in own.shaping().items() if key != "kind"}
        made_by = [_identities(target.scorers[name]), target.src.tag, *([settings] if settings else [])]
        return Step(target.table(f"scores-{name}"), target.pairs, made_by, open_, whole=target.pairs)

    def _verdicts(self, target: Target, tables: Sequence[str]) -> Step:
        thresholds, src, tgt = self._recipe.thresholds, target.src.tag, target.tgt.tag
        relative = verdicts.relative(thresholds)

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            scored = scores.joined([run.table(name).read_all() for name in tables]) if relative else None
            cuts = verdicts.cuts(thresholds, scored, src, tgt)

            def work(tasks: Iterable[Task]) -> Iterator[tuple[int, Part]]:
                waiting = iter(tasks)
                while some := list(islice(waiting, TOGETHER)):
                    together = map(pl.concat, zip(*(task.tables for task in some), strict=True))
                    judged = verdicts.judge(scores.joined(list(together)), cuts)
                    start = 0
                    for task in some:
                        yield task.part, _part(judged.slice(start, task.tables[0].height))
                        start += task.tables[0].height
                    advance(judged.height)

            yield work

        settings = {name: bounds.model_dump(mode="json") for name, bounds in thresholds.items()}
        return Step(target.table("verdicts"), tuple(tables), settings, open_, now=tuple(tables) if relative else ())


def _part(rows: pl.DataFrame) -> Part:
    return Part(rows, NOTHING_SET_ASIDE)


def _identities(ingredients: Iterable[Ingredient]) -> list[Any]:
    return [ingredient.identity() for ingredient in ingredients]
