"""What of a recipe shapes the rows that its models write, as JSON can hold it."""

from typing import Any

from sdrrl_data.recipe import Recipe, TranslatorConfig
from sdrrl_data.steps.step import Target


def generator_settings(settings: Recipe) -> Any:
    """What shapes the generator's work."""
    return settings.generator.shaping()


def translator_of(settings: Recipe, target: Target, name: str) -> TranslatorConfig:
    """The translator that a target knows by this name."""
    return settings.translator[list(target.translators).index(name)]


def translator_settings(settings: Recipe, target: Target, name: str) -> Any:
    """What shapes a translator's work."""
    translator_config = translator_of(settings, target, name)
    generator = generator_settings(settings) if translator_config.uses_generator else None
    return [translator_config.shaping(), generator, target.translators[name].identity(), target.src.tag]
