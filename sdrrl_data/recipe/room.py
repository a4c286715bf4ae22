"""Whether what the run's generator writes besides its answers leaves room for a prompt."""

from collections.abc import Iterator

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import MagpieConfig, Recipe, SamplingConfig


def refuse_without(recipe: Recipe) -> None:
    """Refuse a length of translations, or of questions that the model writes, that fills the model's whole context.

    Raises:
        RecipeError: no prompt would fit, so that every row would be set aside.
    """
    context = recipe.generator.max_model_len
    for key, tokens in _lengths(recipe):
        if tokens >= context:
            raise RecipeError(
                f"{key} {tokens} leaves no room for a prompt within generator.max_model_len {context}: give fewer, such "
                f"as --set {key}={max(1, context // 2)}"
            )


def _lengths(recipe: Recipe) -> Iterator[tuple[str, int]]:
    """The keys and values of `max_tokens` with which the generator is asked."""
    if isinstance(recipe.seeds, MagpieConfig):
        yield "seeds.max_tokens", recipe.seeds.max_tokens
    for tag in recipe.tgt:
        of_target = tag in recipe.targets and "translator" in recipe.targets[tag].model_fields_set
        key = f"targets.{tag}.translator" if of_target else "translator"
        translators = recipe.for_target(tag).translator
        for number, translator in enumerate(translators):
            if translator.uses_generator and isinstance(translator, SamplingConfig):
                yield (
                    f"{key}.{number}.max_tokens" if len(translators) > 1 else f"{key}.max_tokens",
                    translator.max_tokens,
                )
