"""The names of a recipe's translators, and how one of several translations is chosen."""

from collections.abc import Sequence
from typing import Literal

from sdrrl_data.recipe.components import TranslatorConfig
from sdrrl_data.recipe.config import Config


def translator_names(translators: Sequence[TranslatorConfig]) -> list[str]:
    """The name of each of a run's translators: its kind, and its number if it is not the first of its kind."""
    kinds = [translator.called() for translator in translators]
    numbers = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if number == 1 else f"{kind}-{number}" for kind, number in zip(kinds, numbers, strict=True)]


class TranslationsConfig(Config):
    """How one of several translations is chosen: by the scorer that prefers it."""

    # The cosine of sentence embeddings, or chrF++ of the way back.
    best_by: Literal["similarity", "round_trip"] = "similarity"
