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
    return [*of_translator(recipe, config), target.translators[name].identity(), target.src.tag]


def of_translator(recipe: Recipe, config: TranslatorConfig) -> list[Any]:
    """The settings of a translator, and those of the generator if it is the one that translates."""
    return [config.shaping(), recipe.generator.shaping() if config.uses_generator else None]
