"""The targets of a recipe with the models and data that are needed for each, found without loading them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdrrl_data import alignment
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, Recipe, ScorerConfig, scorer_name, translator_names
from sdrrl_data.steps import prompts
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.target import Target


def resolve(
    recipe: Recipe, src: Language, targets: Sequence[Language], models: Models, generator: Ingredient
) -> list[Target]:
    """Each target with what translates, aligns and scores for it.

    Raises:
        UserError: a model cannot be found, or does not know a language.
    """

    def named(config: GeneratorConfig | None) -> Ingredient:
        return models.identify_generator(config) if config else generator

    scorers = {scorer_name(scorer): scorer.checked(scorer.identify(named)) for scorer in recipe.scorers}
    return [_target(recipe, src, tgt, models, generator, scorers) for tgt in targets]


def translators(
    recipe: Recipe, src: Language, tgt: Language, models: Models, generator: Ingredient
) -> dict[str, Ingredient]:
    """What translates from `src` into `tgt`, by the names of the recipe's translators.

    Raises:
        UserError: a translator cannot be found, or does not know the pair.
    """
    configs = zip(translator_names(recipe.translator), recipe.translator, strict=True)
    return {name: models.identify_translator(config, src, tgt, generator) for name, config in configs}


def _target(
    recipe: Recipe,
    src: Language,
    tgt: Language,
    models: Models,
    generator: Ingredient,
    scorers: Mapping[str, Sequence[Ingredient]],
) -> Target:
    named = translators(recipe, src, tgt, models, generator)
    first = recipe.translator[0]
    prompters = [
        models.identify_translator(first, prompts.ENGLISH, language, generator)
        for language in prompts.unwritten(recipe.prompts, src, tgt)
    ]
    back = None
    asking = [type(scorer) for scorer in recipe.scorers]
    if len(named) > 1:
        asking.append(ScorerConfig.named(recipe.translations.best_by))
    if any(scorer.translates_back for scorer in asking):
        back = replace(models.identify_translator(first, tgt, src, generator), role="back-translator")
    if back and back.identity() == next(iter(named.values())).identity():
        back = None  # NLLB and the generator know both directions
    switched = recipe.transfer_set.mix.code_switched
    aligner = alignment.identify(recipe.code_switching.aligner) if switched else None
    return Target(src, tgt, named, prompters, back, aligner, scorers)
