"""The steps in order: which table feeds which, and what shapes each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from sdrrl_data import alignment, generation, recipe, scoring, translation
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Generator, Ingredient, Translator
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run
from sdrrl_data.steps import answers, code_switching, prompts, scores, translations, verdicts

Work = Callable[[Sequence[pl.DataFrame], Advance], Part]
Opener = Callable[[Run], AbstractContextManager[Work]]


@dataclass(frozen=True)
class Models:
    """What finds and loads the models of a run; a caller may bring its own."""

    identify_generator: Callable[[recipe.Generator], Ingredient] = generation.identify
    build_generator: Callable[[recipe.Generator], Generator] = generation.build
    identify_translator: Callable[[recipe.Translator, Language, Language], Ingredient] = translation.identify
    build_translator: Callable[[recipe.Translator, Language, Language], Translator] = translation.build


@dataclass(frozen=True)
class Step:
    """Makes part N of its table from part N of its inputs; without inputs, a table of one part."""

    table: str
    inputs: tuple[str, ...]
    settings: Any  # what shapes its rows besides its inputs, as JSON can hold it
    open: Opener  # loads the models; entered only when a part is missing
    whole: tuple[str, ...] = ()  # tables it learns from as a whole: a change in any of their parts redoes all its own


@dataclass(frozen=True)
class Target:
    """One target language of a run, and what stands ready for it."""

    src: Language
    tgt: Language
    translator: Ingredient
    back: Ingredient | None  # what translates back for the round trip, where that is another model

    def table(self, name: str) -> str:
        """The path of one of this target's tables in the run."""
        return f"{self.tgt.tag}/{name}"


class Pipeline:
    """The steps of a recipe. Making one loads no model."""

    def __init__(self, recipe: Recipe, models: Models, generator: Ingredient, targets: Sequence[Target]) -> None:
        self._recipe = recipe
        self._models = models
        # A translator serves several steps of its target: it is loaded once.
        self._translator = cache(lambda src, tgt: models.build_translator(recipe.translator, src, tgt))
        self.steps = [self._answers(generator)]
        for target in targets:
            self.steps += [
                self._translations(target),
                self._prompts(target),
                self._code_switched(target),
                self._scores(target),
                self._verdicts(target),
            ]

    def _answers(self, generator: Ingredient) -> Step:
        @contextmanager
        def open_(_: Run) -> Iterator[Work]:
            model = self._models.build_generator(self._recipe.generator)
            try:
                yield lambda tables, advance: answers.answer(tables[0], model, self._recipe.seed, advance)
            finally:
                model.close()

        settings = self._recipe.generator.model_dump(mode="json", exclude={"model", "revision"})
        return Step("answers", ("seeds",), [settings, generator.identity(), self._recipe.seed], open_)

    def _translations(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run) -> Iterator[Work]:
            translator = self._translator(target.src, target.tgt)
            yield lambda tables, advance: translations.translate(
                tables[0], tables[1], translator, target.src.tag, advance
            )

        return Step(target.table("translations"), ("seeds", "answers"), self._translator_settings(target), open_)

    def _prompts(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run) -> Iterator[Work]:
            yield lambda tables, advance: prompts.make(
                self._recipe.prompts, target.src, target.tgt, lambda: self._translator(target.src, target.tgt)
            )

        own = {tag: self._recipe.prompts.get(tag) for tag in (target.src.tag, target.tgt.tag)}
        written = {tag: found.model_dump(mode="json") for tag, found in own.items() if found}
        return Step(target.table("prompts"), (), [written, self._translator_settings(target)], open_)

    def _code_switched(self, target: Target) -> Step:
        settings = self._recipe.code_switching
        src, tgt = target.src.tag, target.tgt.tag
        whole = ("seeds", "answers", target.table("translations"), target.table("parallel"))

        @contextmanager
        def open_(run: Run) -> Iterator[Work]:
            seeds, answered, translated, pairs = (run.table(name).read_all() for name in whole)
            own = code_switching.training_pairs(seeds, answered, translated, src, tgt)
            external = code_switching.external_pairs(pairs, src, tgt)
            aligner = alignment.build(settings.aligner)
            aligner.train(own + external)
            yield lambda tables, advance: _at_once(
                code_switching.switch(tables[0], tables[1], aligner, settings, src, tgt, self._recipe.seed),
                tables[1].height,
                advance,
            )

        shaping = [settings.model_dump(mode="json"), self._recipe.seed]
        return Step(target.table("code_switched"), ("seeds", target.table("translations")), shaping, open_, whole)

    def _scores(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run) -> Iterator[Work]:
            scorers = [
                scoring.build(name, target.src, target.tgt, lambda: self._translator(target.tgt, target.src))
                for name in self._recipe.scorers
            ]
            yield lambda tables, advance: Part(
                scores.score(tables[0], tables[1], tables[2], scorers, advance), NOTHING_SET_ASIDE
            )

        back = target.back.identity() if target.back else None
        settings = [list(self._recipe.scorers), self._translator_settings(target), back]
        return Step(target.table("scores"), ("seeds", "answers", target.table("translations")), settings, open_)

    def _verdicts(self, target: Target) -> Step:
        thresholds = self._recipe.thresholds

        @contextmanager
        def open_(_: Run) -> Iterator[Work]:
            yield lambda tables, advance: _at_once(verdicts.judge(tables[0], thresholds), tables[0].height, advance)

        settings = {name: bounds.model_dump(mode="json") for name, bounds in thresholds.items()}
        return Step(target.table("verdicts"), (target.table("scores"),), settings, open_)

    def _translator_settings(self, target: Target) -> Any:
        settings = self._recipe.translator.model_dump(mode="json", exclude={"model", "models", "revision"})
        return [settings, target.translator.identity(), target.src.tag]


def _at_once(made: pl.DataFrame, rows: float, advance: Advance) -> Part:
    """A part that was made in one go, of so many rows, none of which was set aside."""
    advance(rows)
    return Part(made, NOTHING_SET_ASIDE)
