"""Which scores pass."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.config import Config, Share

Percentile = Annotated[str, Field(pattern=r"^(100(\.0+)?|\d{1,2}(\.\d+)?)%$")]
Bound = float | Percentile


class BoundsConfig(Config):
    """The values that pass: from `min` to `max`. A score that is missing passes.

    A bound such as "5%" is that percentile of the run's scores.
    """

    min: Bound | None = None
    max: Bound | None = None

    @model_validator(mode="after")
    def _something_passes(self) -> Self:
        if isinstance(self.min, float) and isinstance(self.max, float) and self.min > self.max:
            raise ValueError(f"thresholds: no score is at least {self.min:g} and at most {self.max:g}")
        return self


class ThresholdConfig(BoundsConfig):
    """Which scores pass, and what happens to a text that fails."""

    weight: Share = 0.0  # of a text that fails: 0 drops it, 1 keeps it, a value in between makes it count less
    languages: dict[str, BoundsConfig] = Field(default={})  # other bounds, for texts in these languages

    def within(self, language: str) -> BoundsConfig:
        """The values that pass for a text in the language of this tag."""
        return self.languages.get(language, self)
