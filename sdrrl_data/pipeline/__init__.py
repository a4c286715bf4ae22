"""The steps in order: which table feeds which, and what shapes each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from sdrrl_data import alignment, scoring
from sdrrl_data.languages import Language
from sdrrl_data.pipeline.judging import Judging
from sdrrl_data.pipeline.shaping import generator_settings, translator_of, translator_settings
from sdrrl_data.protocols import Advance, Aligner, Ingredient, Translator
from sdrrl_data.recipe import MagpieConfig, Recipe, ScorerConfig, learns
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import (
    answers,
    best_translation,
    code_switching,
    magpie,
    prompts,
    references,
    trained_aligner,
    translations,
)
from sdrrl_data.steps.model_pool import InMemory, Models
from sdrrl_data.steps.step import Step, Target, Work, each

__all__ = ["Pipeline", "Step", "Target"]


class _Texts(NamedTuple):
    """What is to be translated."""

    table: str  # that the translations go to
    inputs: tuple[str, ...]
    of: Callable[[Task], Task]  # makes a task of the inputs one of seeds and answers


QUESTIONS_AND_ANSWERS = _Texts("translations", ("seeds", "answers"), lambda task: task)
REFERENCES = _Texts("references", ("seeds",), references.as_answers)


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
        self._judging = Judging(recipe, self._models, self.bound)
        self.steps = [self._answers(generator, src)]
        if isinstance(recipe.seeds, MagpieConfig):
            self.steps.insert(0, self._magpie(recipe.seeds, generator, src))
        for target in targets:
            self.steps += [*self._translated(target, QUESTIONS_AND_ANSWERS), self._prompts(target)]
            if recipe.transfer_set.mix.code_switched:
                self.steps.append(self._code_switched(target))
            self.steps += self._judging.steps(target)

    def references(self, target: Target) -> list[Step]:
        """What translates the seeds' own answers as the model's are; for controls, and not among `steps`."""
        return self._translated(target, REFERENCES)

    def bound(self, part: int) -> int:
        """How many parts the run had when this part was new: what its step may learn from."""
        return next(bound for bound in self._bounds() if part < bound)

    def _bounds(self) -> list[int]:
        """How many parts the run had, each time it had grown."""
        return list(accumulate(map(len, self._growths)))

    def close(self) -> None:
        """Give back what the models hold."""
        self._models.close()

    def _magpie(self, settings: MagpieConfig, generator: Ingredient, src: Language) -> Step:
        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            writer = magpie.Writer(self._models.generator(), settings, src, self._recipe.seed)
            yield lambda tasks: writer.parts(tasks, run.table("seeds"), advance)

        shaping = [
            settings.shaping(),
            generator_settings(self._recipe),
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

        settings = [
            generator_settings(self._recipe),
            how.model_dump(mode="json"),
            generator.identity(),
            self._recipe.seed,
        ]
        return Step("answers", ("seeds",), settings, open_)

    def _translated(self, target: Target, texts: _Texts) -> list[Step]:
        """The translations of one translator; or of each of several, and then the better ones."""
        if len(target.translators) == 1:
            return [self._translations(target, name, target.table(texts.table), texts) for name in target.translators]
        candidates = {name: target.table(f"{texts.table}-{name}") for name in target.translators}
        own = [self._translations(target, name, table, texts) for name, table in candidates.items()]
        return [*own, self._best_translations(target, candidates, texts)]

    def _translations(self, target: Target, name: str, table: str, texts: _Texts) -> Step:
        settings = translator_of(self._recipe, target, name)
        src, tgt = target.src, target.tgt

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            translator = self._models.translator(settings, src, tgt)
            yield each(lambda task: translations.translate(texts.of(task), translator, name, src, tgt, advance))

        return Step(table, texts.inputs, translator_settings(self._recipe, target, name), open_)

    def _best_translations(self, target: Target, candidates: Mapping[str, str], texts: _Texts) -> Step:
        best_by = self._recipe.translations.best_by

        @contextmanager
        def open_(run: Run, advance: Advance) -> Iterator[Work]:
            with self._judging.scorer(ScorerConfig.named(best_by)(kind=best_by), target) as scorer:

                def choose(task: Task) -> Part:
                    seeds, answered, *_ = texts.of(task).tables
                    made = {name: run.table(table).part(task.part) for name, table in candidates.items()}
                    return best_translation.choose(seeds, answered, made, scorer, advance)

                yield each(choose)

        back = target.back.identity() if target.back and best_by == "round_trip" else None
        inputs = (*texts.inputs, *candidates.values())
        return Step(target.table(texts.table), inputs, [list(candidates), best_by, back], open_)

    def _prompts(self, target: Target) -> Step:
        first = self._recipe.translator[0]

        @contextmanager
        def open_(_: Run, advance: Advance) -> Iterator[Work]:
            def from_english(language: Language) -> Translator:
                return self._models.translator(first, prompts.ENGLISH, language)

            yield each(lambda task: prompts.make(self._recipe.prompts, target.src, target.tgt, from_english))

        own = {tag: self._recipe.prompts.get(tag) for tag in (target.src.tag, target.tgt.tag, prompts.ENGLISH.tag)}
        written = {tag: found.model_dump(mode="json") for tag, found in own.items() if found}
        translators = [translator.identity() for translator in target.prompters]
        return Step(target.table("prompts"), (), [written, translators], open_, sizes=(1,))

    def _code_switched(self, target: Target) -> Step:
        settings = self._recipe.code_switching
        src, tgt = target.src.tag, target.tgt.tag
        inputs = target.pairs
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

            yield each(switch)

        shaping = [settings.shaping(), target.aligner.identity() if target.aligner else None, self._recipe.seed]
        return Step(target.table("code_switched"), inputs, shaping, open_, whole)
