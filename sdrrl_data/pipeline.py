"""The steps in order: which table feeds which, and what shapes each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sdrrl_data import alignment, recipe, scoring
from sdrrl_data.in_memory import InMemory, Models
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Aligner, Ingredient, Scorer, Translator
from sdrrl_data.recipe import SHAPELESS, Magpie, Recipe, SelfTranslation, learns
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import (
    answers,
    best_translation,
    code_switching,
    magpie,
    prompts,
    scores,
    trained_aligner,
    translations,
    verdicts,
)

Work = Callable[[Iterable[Task]], Iterator[tuple[int, Part]]]
Opener = Callable[[Run, Advance], AbstractContextManager[Work]]


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
    translators: Mapping[str, Ingredient]  # by their names in the recipe
    prompters: Sequence[Ingredient]  # what translates the recipe's prompts from English
    back: Ingredient | None  # what translates back for a round trip, where that is another model
    aligner: Ingredient | None  # for code-switching, where that is a model or a dictionary

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
        self._models = InMemory(models, recipe)
        self.steps = [self._answers(generator, src)]
        if isinstance(recipe.seeds, Magpie):
            self.steps.insert(0, self._magpie(recipe.seeds, generator, src))
        for target in targets:
            self.steps += [*self._translated(target), self._prompts(target)]
            if recipe.transfer_set.mix.code_switched:
                self.steps.append(self._code_switched(target))
            self.steps += [self._scores(target), self._verdicts(target)]

    def bound(self, part: int) -> int:
        """How many parts the run had when this part was new: what its step may learn from."""
        return next(bound for bound in self._bounds() if part < bound)

    def _bounds(self) -> list[int]:
        """How many parts the run had, each time it had grown."""
        return list(accumulate(map(len, self._growths)))

    def close(self) -> None:
        """Give back what the models hold."""
        self._models.close()

    def _magpie(self, settings: Magpie, generator: Ingredient, src: Language) -> Step:
        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            writer = magpie.Writer(self._models.generator(), settings, src, self._recipe.seed)
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
            answering = answers.Answering(self._models.generator(), self._recipe, src, scorer)
            yield lambda tasks: answering.parts(tasks, advance)
            self._models.close_generator()

        settings = [self._generator_settings(), how.model_dump(mode="json"), generator.identity(), self._recipe.seed]
        return Step("answers", ("seeds",), settings, open_)

    def _translated(self, target: Target) -> list[Step]:
        """The translations of one translator; or of each of several, and then the better ones."""
        if len(target.translators) == 1:
            return [self._translations(target, name, target.table("translations")) for name in target.translators]
        candidates = {name: target.table(f"translations-{name}") for name in target.translators}
        own = [self._translations(target, name, table) for name, table in candidates.items()]
        return [*own, self._best_translations(target, candidates)]

    def _translations(self, target: Target, name: str, table: str) -> Step:
        settings = self._translator(target, name)

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            translator = self._models.translator(settings, target.src, target.tgt)
            yield _each(lambda task: translations.translate(task, translator, name, target.src, target.tgt, advance))

        return Step(table, ("seeds", "answers"), self._translator_settings(target, name), open_)

    def _best_translations(self, target: Target, candidates: Mapping[str, str]) -> Step:
        best_by = self._recipe.translations.best_by

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            scorer = self._scorer(best_by, target)

            def choose(task: Task) -> Part:
                seeds, answered, *_ = task.tables
                made = {name: run.table(table).part(task.part) for name, table in candidates.items()}
                return best_translation.choose(seeds, answered, made, scorer, advance)

            yield _each(choose)

        back = target.back.identity() if target.back and best_by == "round_trip" else None
        inputs = ("seeds", "answers", *candidates.values())
        return Step(target.table("translations"), inputs, [list(candidates), best_by, back], open_)

    def _prompts(self, target: Target) -> Step:
        first = self._recipe.translator[0]

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            def from_english(language: Language) -> Translator:
                return self._models.translator(first, prompts.ENGLISH, language)

            yield _each(lambda task: prompts.make(self._recipe.prompts, target.src, target.tgt, from_english))

        own = {tag: self._recipe.prompts.get(tag) for tag in (target.src.tag, target.tgt.tag, prompts.ENGLISH.tag)}
        written = {tag: found.model_dump(mode="json") for tag, found in own.items() if found}
        translators = [translator.identity() for translator in target.prompters]
        return Step(target.table("prompts"), (), [written, translators], open_, sizes=(1,))

    def _code_switched(self, target: Target) -> Step:
        settings = self._recipe.code_switching
        src, tgt = target.src.tag, target.tgt.tag
        inputs = ("seeds", "answers", target.table("translations"))
        learning = learns(settings.aligner) and settings.level != "sentence"  # whole sentences need no aligner
        whole = (*inputs, target.table("parallel")) if learning else ()
        aligner_settings = settings.aligner.model_dump(mode="json")

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            place = target.table("aligner")
            run.forget(place, but=[trained_aligner.name(bound) for bound in self._bounds() if learning])

            @lru_cache(maxsize=1)
            def aligner(bound: int) -> Aligner:
                built = alignment.build(settings.aligner, self._recipe.translator, target.src, target.tgt)
                if not learning:
                    return built
                return trained_aligner.trained(built, aligner_settings, run, place, whole, bound, src, tgt)

            def switch(task: Task) -> Part:
                seeds, answered, translated = task.tables
                found = aligner(self.bound(task.part))
                seed = self._recipe.seed
                switched = code_switching.switch(seeds, answered, translated, found, settings, src, tgt, seed)
                advance(translated.height)
                return Part(switched, NOTHING_SET_ASIDE)

            yield _each(switch)

        own = settings.model_dump(mode="json", exclude=SHAPELESS["code_switching"])
        shaping = [own, target.aligner.identity() if target.aligner else None, self._recipe.seed]
        return Step(target.table("code_switched"), inputs, shaping, open_, whole)

    def _scores(self, target: Target) -> Step:
        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            scorers = [self._scorer(name, target) for name in self._recipe.scorers]

            def score(task: Task) -> Part:
                seeds, answered, translated = task.tables
                return Part(scores.score(seeds, answered, translated, scorers, advance), NOTHING_SET_ASIDE)

            yield _each(score)

        back = target.back.identity() if target.back else None
        translators = [self._translator_settings(target, name) for name in target.translators]
        settings = [list(self._recipe.scorers), translators, back]
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

    def _scorer(self, name: str, target: Target) -> Scorer:
        """A scorer; for the round trip, the first translator also translates back."""
        first = self._recipe.translator[0]
        return scoring.build(
            name, target.src, target.tgt, lambda: self._models.translator(first, target.tgt, target.src)
        )

    def _translator(self, target: Target, name: str) -> recipe.Translator:
        return self._recipe.translator[list(target.translators).index(name)]

    def _translator_settings(self, target: Target, name: str) -> Any:
        """What shapes a translator's work."""
        own = self._translator(target, name)
        settings = own.model_dump(mode="json", exclude=SHAPELESS["translator"]["__all__"])
        generator = self._generator_settings() if isinstance(own, SelfTranslation) else None
        return [settings, generator, target.translators[name].identity(), target.src.tag]


def _each(make: Callable[[Task], Part]) -> Work:
    """The work of a step that makes its parts one after the other."""
    return lambda tasks: ((task.part, make(task)) for task in tasks)
