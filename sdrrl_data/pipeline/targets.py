"""The targets of a recipe, with the models and data for each, identified without loading them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdrrl_data import alignment
from sdrrl_data.languages import Language
from sdrrl_data.pipeline import scorers
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Recipe, ScorerConfig, translator_names
from sdrrl_data.steps import prompts
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.target import Target


def resolve(
    recipe: Recipe, src: Language, targets: Sequence[Language], models: Models, generator: Ingredient
) -> list[Target]:
    """Each target with its translators, aligner and scorers.

    Raises:
        UserError: a model cannot be found, or does not know a language.
    """
    ingredients = scorers.identified(recipe.scorers, models.identified(generator))
    return [_target(recipe.for_target(tgt.tag), src, tgt, models, generator, ingredients) for tgt in targets]


def translators(
    recipe: Recipe, src: Language, tgt: Language, models: Models, generator: Ingredient
) -> dict[str, Ingredient]:
    """The translators from `src` into `tgt`, by their names in the recipe.

    Raises:
        UserError: a translator cannot be found, or does not know the pair.
    """
    configs = zip(translator_names(recipe.translator), recipe.translator, strict=True)
    identified = models.identified(generator)
    return {name: models.identify_translator(config, src, tgt, identified) for name, config in configs}


def _target(
    recipe: Recipe,
    src: Language,
    tgt: Language,
    models: Models,
    generator: Ingredient,
    scorer_ingredients: Mapping[str, Sequence[Ingredient]],
) -> Target:
    target_translators = translators(recipe, src, tgt, models, generator)
    first, identified = recipe.translator[0], models.identified(generator)
    prompt_translators = [
        models.identify_translator(first, prompts.ENGLISH, language, identified)
        for language in prompts.unwritten(recipe.prompts, src, tgt, prompts.kinds(recipe.mix))
    ]
    back_translator = None
    scorer_classes = [type(scorer) for scorer in recipe.scorers]
    if len(target_translators) > 1:
        scorer_classes.append(ScorerConfig.named(recipe.translations.best_by))
    if recipe.native or any(scorer.translates_back for scorer in scorer_classes):
        back_translator = replace(models.identify_translator(first, tgt, src, identified), role="back-translator")
    if back_translator and back_translator.identity() == next(iter(target_translators.values())).identity():
        back_translator = None  # NLLB and the generator know both directions
    aligns = recipe.switches or any(scorer.aligns for scorer in scorer_classes)
    aligner = alignment.identify(recipe.code_switching.aligner) if aligns else None
    return Target(src, tgt, target_translators, prompt_translators, back_translator, aligner, scorer_ingredients)
