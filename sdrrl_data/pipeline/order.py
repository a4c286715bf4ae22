"""The steps of a recipe in their order, with the tables that each is made from."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import HEURISTICS, MagpieConfig, Recipe, ScorerConfig
from sdrrl_data.run.dataset import DISTILLATION, PREFERENCES, TRANSFER_SET
from sdrrl_data.scoring.comparing import ComparingConfig
from sdrrl_data.scoring.counting import CountingConfig
from sdrrl_data.steps import samples
from sdrrl_data.steps.aligner import AlignerStep
from sdrrl_data.steps.answers import AnswersStep
from sdrrl_data.steps.beside import DistillationStep, PreferencesStep
from sdrrl_data.steps.best_translation import BestTranslationsStep
from sdrrl_data.steps.code_switching_step import CodeSwitchingStep
from sdrrl_data.steps.counts import CountsStep
from sdrrl_data.steps.direct_answers import DirectAnswersStep, DirectScoresStep
from sdrrl_data.steps.magpie import MagpieStep
from sdrrl_data.steps.prompts import PromptsStep
from sdrrl_data.steps.samples import BestAnswersStep, SampleScoresStep, SamplesStep
from sdrrl_data.steps.scoring_steps import AligningScoresStep, ComparisonStep, HeuristicScoresStep, ScoresStep
from sdrrl_data.steps.step import Step
from sdrrl_data.steps.target import Target
from sdrrl_data.steps.transfer_set_step import TransferSetStep
from sdrrl_data.steps.translations import TranslationsStep
from sdrrl_data.steps.usual import UsualStep
from sdrrl_data.steps.verdicts import VerdictsStep, relative

Growths = Sequence[Sequence[int]]


class Parts(NamedTuple):
    """The parts of a run: the rows of each part, and the number of parts after each time that the run grew."""

    sizes: tuple[int, ...]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, growths: Growths) -> "Parts":
        """The parts of a run from its growths: for each time that it grew, the rows of its new parts."""
        return cls(tuple(chain.from_iterable(growths)), tuple(accumulate(map(len, growths))))


class Answerers(NamedTuple):
    """The models behind the answers."""

    generators: Mapping[str, Ingredient]  # by their names in tables; the first is the generator of the recipe
    scorer: Sequence[Ingredient] = ()  # behind the scorer that chooses among several answers

    @property
    def generator(self) -> Ingredient:
        """The generator of the recipe."""
        return next(iter(self.generators.values()))

    def ingredients(self) -> list[Ingredient]:
        """All of them."""
        return [*dict.fromkeys(self.generators.values()), *self.scorer]


def shared_steps(recipe: Recipe, answerers: Answerers, src: Language, parts: Parts) -> list[Step]:
    """The steps that all targets share: the seeds, if the model writes them, and the answers."""
    steps: list[Step] = []
    generator = answerers.generator
    if isinstance(recipe.seeds, MagpieConfig):
        steps.append(
            MagpieStep(
                table="seeds", magpie=recipe.seeds, generator=generator, src=src, recipe=recipe, **parts._asdict()
            )
        )
    answers = AnswersStep(
        table="answers", inputs=("seeds",), generator=generator, src=src, recipe=recipe, **parts._asdict()
    )
    return [*steps, *(_sample_steps(recipe, answerers, answers) if recipe.chooses_answers else [answers])]


def _sample_steps(recipe: Recipe, answerers: Answerers, answers: AnswersStep) -> list[Step]:
    """The samples of each model, their scores if the recipe chooses by any, and the best.

    `answers` is the step for one answer per question.
    """
    tables, best_by = samples.tables(recipe), recipe.answers.best_by
    of_run: dict[str, Any] = {"recipe": recipe, "sizes": answers.sizes, "bounds": answers.bounds}
    sampling = [
        SamplesStep(
            table=table,
            inputs=("seeds",),
            config=recipe.answering[name],
            generator=answerers.generators[name],
            **of_run,
        )
        for name, table in tables.items()
    ]
    read: dict[str, Any] = {"generators": tuple(tables), "src": answers.src, **of_run}
    inputs = ("seeds", *tables.values())
    scores = SampleScoresStep(table=samples.OF_SCORES, inputs=inputs, scorer=tuple(answerers.scorer), **read)
    scored = [] if best_by == "first" else [scores]
    best = BestAnswersStep(
        table="answers",
        inputs=(*inputs, *(step.table for step in scored)),
        formerly=answers if len(tables) == 1 and recipe.answers.compares else None,
        **read,
    )
    return [*sampling, *scored, best]


def target_steps(recipe: Recipe, target: Target, parts: Parts) -> list[Step]:
    """The steps of one target, up to its verdicts."""
    steps = [*translation_steps(recipe, target, parts, of_references=False)]
    steps.append(PromptsStep(table=target.table("prompts"), target=target, recipe=recipe, **parts._asdict()))
    aligner_steps = _aligner_steps(recipe, target, parts)
    steps += aligner_steps
    learned = tuple(step.table for step in aligner_steps)
    if recipe.switches:
        steps.append(_code_switching_step(recipe, target, parts, learned))
    scoring_steps = _scoring_steps(recipe, target, parts, learned)
    score_tables = tuple(step.table for step in scoring_steps if not isinstance(step, UsualStep))
    verdicts = VerdictsStep(
        table=target.table("verdicts"),
        inputs=score_tables,
        whole=score_tables if relative(recipe.thresholds) else (),
        target=target,
        recipe=recipe,
        **parts._asdict(),
    )
    return [*steps, *scoring_steps, verdicts]


def translation_steps(recipe: Recipe, target: Target, parts: Parts, of_references: bool) -> list[Step]:
    """The translations by the translator; if there are several, by each of them, and then the better ones.

    Args:
        recipe: of the run.
        target: with its translators.
        parts: of the run.
        of_references: translate the seeds' reference answers, for controls, instead of questions and model's answers.
    """
    table = target.table("references" if of_references else "translations")
    inputs = ("seeds",) if of_references else ("seeds", "answers")
    several = len(target.translators) > 1
    tables = {name: f"{table}-{name}" if several else table for name in target.translators}
    steps: list[Step] = [
        TranslationsStep(
            table=path,
            inputs=inputs,
            translator=name,
            of_references=of_references,
            target=target,
            recipe=recipe,
            **parts._asdict(),
        )
        for name, path in tables.items()
    ]
    if several:
        steps.append(
            BestTranslationsStep(
                table=table,
                inputs=(*inputs, *tables.values()),
                candidates=tables,
                of_references=of_references,
                target=target,
                recipe=recipe,
                **parts._asdict(),
            )
        )
    return steps


def direct_steps(recipe: Recipe, generator: Ingredient, target: Target, parts: Parts) -> list[Step]:
    """The steps in which the generator answers the translated questions, if the recipe asks for it."""
    if not recipe.direct_answers:
        return []
    config = recipe.answers
    if not config.compares:  # a scorer of answers chooses among those of the source language
        config = config.model_copy(update={"samples": 1, "best_by": "chrf"})
    answers = DirectAnswersStep(
        table=target.table("direct_answers"),
        inputs=("seeds", target.table("translations")),
        generator=generator,
        src=target.tgt,
        recipe=recipe.model_copy(update={"answers": config}),
        **parts._asdict(),
    )
    scores = DirectScoresStep(
        table=target.table("direct_scores"),
        inputs=(target.table("translations"), answers.table),
        target=target,
        recipe=recipe,
        **parts._asdict(),
    )
    return [answers, scores]


def last_steps(
    recipe: Recipe,
    target: Target,
    parts: Parts,
    tables: Sequence[str],
    generators: Mapping[str, Ingredient],
    signature: str,
) -> list[Step]:
    """The steps that make the transfer set of one target, the datasets beside it, and their figures.

    Args:
        recipe: of the run.
        target: of the transfer set.
        parts: of the run.
        tables: all tables that the target's rows are made from, first those that all targets share.
        generators: the models that answered, by their names in tables.
        signature: of the target.
    """
    common = {"target": target, "recipe": recipe, "generators": generators, "signature": signature, **parts._asdict()}
    transfer_set = TransferSetStep(table=target.table(TRANSFER_SET), whole=tuple(tables), **common)
    read = (*tables, transfer_set.table)
    direct = [target.table(name) for name in ("direct_answers", "direct_scores") if recipe.direct_answers]
    rejected = direct[:1] if "direct" in recipe.preferences.rejected else []
    of_samples = (*samples.tables(recipe).values(), samples.OF_SCORES)
    rejected += of_samples if "samples" in recipe.preferences.rejected else ()
    beside = [
        PreferencesStep(table=target.table(PREFERENCES), whole=(*read, *rejected), **common),
        DistillationStep(table=target.table(DISTILLATION), whole=read, **common),
    ]
    counts = CountsStep(
        table=target.table("counts"),
        whole=(*read, *(step.table for step in beside), *direct),
        tag=target.tgt.tag,
        recipe=recipe,
        **parts._asdict(),
    )
    return [transfer_set, *beside, counts]


def shared_counts_step(recipe: Recipe, parts: Parts) -> Step:
    """The step that counts the tables that all targets share."""
    return CountsStep(table="shared_counts", whole=("seeds", "answers"), tag="", recipe=recipe, **parts._asdict())


def _aligner_steps(recipe: Recipe, target: Target, parts: Parts) -> list[Step]:
    """The step that trains the aligner, if it learns and a step needs it. Whole sentences are switched without it."""
    switches_words = recipe.switches and recipe.code_switching.level != "sentence"
    if not recipe.code_switching.aligner.learns:
        return []
    if not switches_words and not any(scorer.aligns for scorer in recipe.scorers):
        return []
    return [
        AlignerStep(
            table=target.table("aligner"),
            inputs=target.pairs,
            whole=(target.table("parallel"),),
            target=target,
            recipe=recipe,
            **parts._asdict(),
        )
    ]


def _code_switching_step(recipe: Recipe, target: Target, parts: Parts, learned: tuple[str, ...]) -> Step:
    by_sentence = recipe.code_switching.level == "sentence"
    return CodeSwitchingStep(
        table=target.table("code_switched"),
        inputs=target.pairs,
        learned=() if by_sentence else learned,
        target=target,
        recipe=recipe,
        **parts._asdict(),
    )


def _scoring_steps(recipe: Recipe, target: Target, parts: Parts, aligner: tuple[str, ...]) -> list[Step]:
    """One step for each scorer; scorers that only count share a step, and may learn usual values from the run.

    `aligner` is the table of what the aligner learned, if it learns.
    """
    counting = tuple(scorer for scorer in recipe.scorers if isinstance(scorer, CountingConfig))
    learning = tuple(scorer for scorer in counting if scorer.learns_usual)
    usual = UsualStep(
        table=target.table("usual"),
        inputs=target.pairs,
        scorers=learning,
        target=target,
        recipe=recipe,
        **parts._asdict(),
    )
    heuristics = HeuristicScoresStep(
        table=target.table(f"scores-{HEURISTICS}"),
        inputs=target.pairs,
        learned=(usual.table,) if learning else (),
        scorers=counting,
        target=target,
        recipe=recipe,
        **parts._asdict(),
    )
    others = [
        _scoring_step(recipe, target, parts, scorer, aligner)
        for scorer in recipe.scorers
        if not isinstance(scorer, CountingConfig)
    ]
    return [*([usual] if learning else []), heuristics, *others]


def _scoring_step(recipe: Recipe, target: Target, parts: Parts, scorer: ScorerConfig, aligner: tuple[str, ...]) -> Step:
    table = target.table(f"scores-{scorer.called()}")
    common = {"table": table, "inputs": target.pairs, "target": target, "recipe": recipe, **parts._asdict()}
    if isinstance(scorer, ComparingConfig):
        return ComparisonStep(scorer=scorer, **common)
    if scorer.aligns:
        return AligningScoresStep(scorer=scorer, learned=aligner, **common)
    return ScoresStep(scorer=scorer, **common)
