"""The settings of a recipe that shape the rows of its models, as JSON values."""

from typing import Any

from sdrrl_data.recipe import Recipe, TranslatorConfig
from sdrrl_data.steps.target import Target


def translator_config(recipe: Recipe, target: Target, name: str) -> TranslatorConfig:
    """The configuration of a target's translator with this name."""
    return recipe.translator[list(target.translators).index(name)]


def translator(recipe: Recipe, target: Target, name: str) -> Any:
    """Everything that shapes a translator's translations."""
    config = translator_config(recipe, target, name)
    by_generator = recipe.generator.shaping() if config.uses_generator else None
    return [config.shaping(), by_generator, target.translators[name].identity(), target.src.tag]
