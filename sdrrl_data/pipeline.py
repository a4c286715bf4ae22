"""The steps in order: which table feeds which, and what shapes each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sdrrl_data import alignment, generation, recipe, scoring, translation
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Aligner, Generator, Ingredient, Translator
from sdrrl_data.recipe import SHAPELESS, Magpie, Recipe
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import answers, code_switching, magpie, prompts, scores, translations, verdicts

Work = Callable[[Iterable[Task]], Iterator[tuple[int, Part]]]
Opener = Callable[[Run, Advance], AbstractContextManager[Work]]


@dataclass(frozen=True)
class Models:
    """What finds and loads the models of a run; a caller may bring its own."""

    identify_generator: Callable[[recipe.Generator], Ingredient] = generation.identify
    build_generator: Callable[[recipe.Generator], Generator] = generation.build
    identify_translator: Callable[[recipe.Translator, Language, Language], Ingredient] = translation.identify
    build_translator: Callable[[recipe.Translator, Language, Language], Translator] = translation.build


@dataclass(frozen=True)
class Step:
    """Makes part N of its table from part N of its inputs; without inputs, parts of stated sizes from nothing."""

    table: str
    inputs: tuple[str, ...]
    settings: Any  # what shapes its rows besides its inputs, as JSON can hold it
    open: Opener  # loads the models; entered only when a part is missing
    whole: tuple[str, ...] = ()  # tables it learns from as a whole, as they were when the run last grew before a part
    sizes: tuple[int, ...] = ()  # of the parts that are made from nothing


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
    """The steps of a recipe. Making one loads no model.

    Args:
        recipe: what to do.
        models: what finds and loads generator and translator.
        generator: what answers.
        src: the language of the seeds.
        targets: the target languages.
        growths: each time the run grew, the rows of its new parts of seeds.
    """

    def __init__(
        self,
        recipe: Recipe,
        models: Models,
        generator: Ingredient,
        src: Language,
        targets: Sequence[Target],
        growths: Sequence[Sequence[int]],
    ) -> None:
        self._recipe = recipe
        self._growths = growths
        # Models serve several steps: each is loaded once.
        self._generator = cache(lambda: models.build_generator(recipe.generator))
        self._translator = cache(lambda src, tgt: models.build_translator(recipe.translator, src, tgt))
        self.steps = [self._answers(generator, src)]
        if isinstance(recipe.seeds, Magpie):
            self.steps.insert(0, self._magpie(recipe.seeds, generator, src))
        for target in targets:
            self.steps += [self._translations(target), self._prompts(target)]
            if recipe.transfer_set.mix.code_switched:
                self.steps.append(self._code_switched(target))
            self.steps += [self._scores(target), self._verdicts(target)]

    def bound(self, part: int) -> int:
        """How many parts the run had when this part was new: what its step may learn from."""
        parts = 0
        for growth in self._growths:
            parts += len(growth)
            if part < parts:
                break
        return parts

    def close(self) -> None:
        """Give back what the generator holds."""
        if self._generator.cache_info().currsize:
            self._generator().close()
            self._generator.cache_clear()

    def _magpie(self, settings: Magpie, generator: Ingredient, src: Language) -> Step:
        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            writer = magpie.Writer(self._generator(), settings, src, self._recipe.seed)
            yield lambda tasks: writer.parts(tasks, run.table("seeds"), advance)

        shaping = [
            settings.model_dump(mode="json"),
            self._generator_settings(),
            generator.identity(),
            self._recipe.seed,
        ]
        sizes = tuple(size for growth in self._growths for size in growth)
        return Step("seeds", (), shaping, open_, sizes=sizes)

    def _answers(self, generator: Ingredient, src: Language) -> Step:
        how = self._recipe.answers

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            scorer = scoring.build_best_by(how.best_by) if how.samples > 1 else None
            answering = answers.Answering(self._generator(), self._recipe, src, scorer)
            yield lambda tasks: answering.parts(tasks, advance)
            self.close()  # the memory is wanted by others

        settings = [self._generator_settings(), how.model_dump(mode="json"), generator.identity(), self._recipe.seed]
        return Step("answers", ("seeds",), settings, open_)

    def _translations(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            translator = self._translator(target.src, target.tgt)

            def translate(task: Task) -> Part:
                seeds, answered = task.tables
                return translations.translate(seeds, answered, translator, target.src.tag, advance)

            yield _each(translate)

        return Step(target.table("translations"), ("seeds", "answers"), self._translator_settings(target), open_)

    def _prompts(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            yield _each(
                lambda task: prompts.make(
                    self._recipe.prompts, target.src, target.tgt, lambda: self._translator(target.src, target.tgt)
                )
            )

        own = {tag: self._recipe.prompts.get(tag) for tag in (target.src.tag, target.tgt.tag)}
        written = {tag: found.model_dump(mode="json") for tag, found in own.items() if found}
        return Step(target.table("prompts"), (), [written, self._translator_settings(target)], open_, sizes=(1,))

    def _code_switched(self, target: Target) -> Step:
        settings = self._recipe.code_switching
        src, tgt = target.src.tag, target.tgt.tag
        whole = ("seeds", "answers", target.table("translations"), target.table("parallel"))

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            @lru_cache(maxsize=1)
            def aligner(bound: int) -> Aligner:
                seeds, answered, translated, pairs = (run.table(name).read_all(bound) for name in whole)
                own = code_switching.training_pairs(seeds, answered, translated, src, tgt)
                learning = alignment.build(settings.aligner)
                learning.train(own + code_switching.external_pairs(pairs, src, tgt))
                return learning

            def switch(task: Task) -> Part:
                seeds, translated = task.tables
                trained = aligner(self.bound(task.part))
                switched = code_switching.switch(seeds, translated, trained, settings, src, tgt, self._recipe.seed)
                advance(translated.height)
                return Part(switched, NOTHING_SET_ASIDE)

            yield _each(switch)

        shaping = [settings.model_dump(mode="json"), self._recipe.seed]
        return Step(target.table("code_switched"), ("seeds", target.table("translations")), shaping, open_, whole)

    def _scores(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            scorers = [
                scoring.build(name, target.src, target.tgt, lambda: self._translator(target.tgt, target.src))
                for name in self._recipe.scorers
            ]

            def score(task: Task) -> Part:
                seeds, answered, translated = task.tables
                return Part(scores.score(seeds, answered, translated, scorers, advance), NOTHING_SET_ASIDE)

            yield _each(score)

        back = target.back.identity() if target.back else None
        settings = [list(self._recipe.scorers), self._translator_settings(target), back]
        return Step(target.table("scores"), ("seeds", "answers", target.table("translations")), settings, open_)

    def _verdicts(self, target: Target) -> Step:
        thresholds = self._recipe.thresholds

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            def judge(task: Task) -> Part:
                (scored,) = task.tables
                advance(scored.height)
                return Part(verdicts.judge(scored, thresholds), NOTHING_SET_ASIDE)

            yield _each(judge)

        settings = {name: bounds.model_dump(mode="json") for name, bounds in thresholds.items()}
        return Step(target.table("verdicts"), (target.table("scores"),), settings, open_)

    def _generator_settings(self) -> Any:
        return self._recipe.generator.model_dump(mode="json", exclude=SHAPELESS["generator"])

    def _translator_settings(self, target: Target) -> Any:
        settings = self._recipe.translator.model_dump(mode="json", exclude=SHAPELESS["translator"])
        return [settings, target.translator.identity(), target.src.tag]


def _each(make: Callable[[Task], Part]) -> Work:
    """The work of a step that makes its parts one after the other."""
    return lambda tasks: ((task.part, make(task)) for task in tasks)
