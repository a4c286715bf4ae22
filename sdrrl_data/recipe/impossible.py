"""Settings that are valid by themselves, and with which no row could be made."""

from collections.abc import Iterator

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import MagpieConfig, Recipe, SamplingConfig, ThresholdConfig
from sdrrl_data.recipe.scorers import of_both_texts, score_columns, shipped_scores

PERCENT = 100


def refuse(recipe: Recipe) -> None:
    """Refuse a length that leaves no room for a prompt, and a lower bound that no score reaches.

    Raises:
        RecipeError: every row would be set aside, or every text dropped.
    """
    context = recipe.generator.max_model_len
    for key, tokens in _lengths(recipe):
        if tokens >= context:
            raise RecipeError(
                f"{key} {tokens} leaves no room for a prompt within generator.max_model_len {context}: give fewer, "
                f"such as --set {key}={max(1, context // 2)}"
            )
    scores = shipped_scores() | score_columns(recipe.scorers)
    for key, threshold in _thresholds(recipe):
        score = scores.get(of_both_texts(key.rpartition(".")[2]))
        highest, bound = score.highest if score else None, threshold.min
        if highest is not None and isinstance(bound, float) and bound > highest:
            right = bound / PERCENT if 10 <= bound <= PERCENT * highest else highest
            raise RecipeError(
                f"{key}.min is {bound:g}, and no text has more than {highest:g}, so that all would fail: give less, "
                f"such as --set {key}.min={right:g}"
            )


def _lengths(recipe: Recipe) -> Iterator[tuple[str, int]]:
    """The keys and values of `max_tokens` with which the generator is asked for other texts than answers."""
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


def _thresholds(recipe: Recipe) -> Iterator[tuple[str, ThresholdConfig]]:
    """All thresholds by their keys."""
    yield from ((f"thresholds.{name}", threshold) for name, threshold in recipe.thresholds.items())
    for tag, target in recipe.targets.items():
        yield from ((f"targets.{tag}.thresholds.{name}", threshold) for name, threshold in target.thresholds.items())
