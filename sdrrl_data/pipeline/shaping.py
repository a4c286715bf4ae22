"""What of a recipe shapes the rows that its models write, as JSON can hold it."""

from typing import Any

from sdrrl_data import recipe
from sdrrl_data.recipe import SHAPELESS, Recipe, SelfTranslationConfig
from sdrrl_data.steps.step import Target


def generator_settings(settings: Recipe) -> Any:
    """What shapes the generator's work."""
    return settings.generator.model_dump(mode="json", exclude=SHAPELESS["generator"])


def translator_of(settings: Recipe, target: Target, name: str) -> recipe.TranslatorConfig:
    """The translator that a target knows by this name."""
    return settings.translator[list(target.translators).index(name)]


def translator_settings(settings: Recipe, target: Target, name: str) -> Any:
    """What shapes a translator's work."""
    own = translator_of(settings, target, name)
    shaping = own.model_dump(mode="json", exclude=SHAPELESS["translator"]["__all__"])
    generator = generator_settings(settings) if isinstance(own, SelfTranslationConfig) else None
    return [shaping, generator, target.translators[name].identity(), target.src.tag]
