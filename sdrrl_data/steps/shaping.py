"""What of a recipe shapes the rows that its models make, as JSON can hold it."""

from typing import Any

from sdrrl_data.recipe import Recipe, TranslatorConfig
from sdrrl_data.steps.target import Target


def translator_config(recipe: Recipe, target: Target, name: str) -> TranslatorConfig:
    """The translator that a target knows by this name."""
    return recipe.translator[list(target.translators).index(name)]


def translator(recipe: Recipe, target: Target, name: str) -> Any:
    """What shapes a translator's translations."""
    config = translator_config(recipe, target, name)
    by_generator = recipe.generator.shaping() if config.uses_generator else None
    return [config.shaping(), by_generator, target.translators[name].identity(), target.src.tag]
