"""What of a recipe shapes the rows that its models make, as JSON can hold it."""

from typing import Any

from sdrrl_data.recipe import SHAPELESS, Recipe, ScorerConfig, SelfTranslationConfig, TranslatorConfig
from sdrrl_data.steps.target import Target


def generator(recipe: Recipe) -> Any:
    """What shapes the generator's answers."""
    return recipe.generator.model_dump(mode="json", exclude=SHAPELESS["generator"])


def translator_config(recipe: Recipe, target: Target, name: str) -> TranslatorConfig:
    """The translator that a target knows by this name."""
    return recipe.translator[list(target.translators).index(name)]


def translator(recipe: Recipe, target: Target, name: str) -> Any:
    """What shapes a translator's translations."""
    config = translator_config(recipe, target, name)
    settings = config.model_dump(mode="json", exclude=SHAPELESS["translator"]["__all__"])
    by_generator = generator(recipe) if isinstance(config, SelfTranslationConfig) else None
    return [settings, by_generator, target.translators[name].identity(), target.src.tag]


def scorer(config: ScorerConfig) -> Any:
    """What shapes a scorer's scores."""
    return config.model_dump(mode="json", exclude=SHAPELESS["scorers"]["__all__"])
