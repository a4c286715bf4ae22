"""Which scores pass."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.config import Config, Share
from sdrrl_data.recipe.markers import Form

Percentile = Annotated[
    str,
    Field(pattern=r"^(100(\.0+)?|\d{1,2}(\.\d+)?)%$"),
    Form("a percentage of the run such as 5%", "5%"),
]
Bound = float | Percentile
BOUNDS = Form("bounds by the name of a score", {"length": {"min": 0.5}})  # of a field with thresholds


class ThresholdConfig(Config):
    """Which scores pass, from `min` to `max`, and what happens to a text that fails. A score that is missing passes.

    A bound such as "5%" is that percentile of the scores of the run's target. Bounds for one target alone are in
    `targets.TAG.thresholds`.
    """

    min: Bound | None = None  # a number, or a percentage of the run: "5%" drops the lowest twentieth
    max: Bound | None = None  # the same for the highest
    weight: Share = 0.0  # of a text that fails: 0 drops it, 1 keeps it, a value in between makes it count less

    @model_validator(mode="after")
    def _something_passes(self) -> Self:
        if isinstance(self.min, float) and isinstance(self.max, float) and self.min > self.max:
            raise ValueError(f"no score is at least {self.min:g} and at most {self.max:g}: lower min or raise max")
        return self

    def shaping(self) -> dict[str, Any]:
        """The same as `Config.shaping`, with the bounds for `languages` that thresholds had in earlier versions."""
        return super().shaping() | {"languages": {}}  # so that finished verdicts stay valid
