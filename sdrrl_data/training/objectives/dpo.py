"""Direct preference optimization."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from sdrrl_data.training.losses import Preferred
from sdrrl_data.training.objectives import pairs
from sdrrl_data.training.settings import TrainingConfig


class Dpo(pairs.Pairs):
    """TRL's DPOTrainer. The reference is the model as it was at the beginning, with the adapter that it began with."""

    name = "dpo"
    says = "direct preference optimization (DPO, [Rafailov et al. 2023](https://arxiv.org/abs/2305.18290))"
    reference = True
    learning_rates = (5e-6, 5e-7)  # as in the examples of TRL's script

    def trainer(self) -> Any:
        """TRL's class."""
        from trl import DPOTrainer

        return pairs.prepared(DPOTrainer)

    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """The rows are short enough already."""
        from trl import DPOConfig

        return DPOConfig(**common, max_length=None, beta=settings.beta)

    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """Each pair is a row."""
        from datasets import Dataset

        return Dataset.from_polars(pairs.answer_ids(rows, taken))

    def preferred(self, trainer: Any, inputs: dict[str, Any], pairs_of_batch: int) -> Preferred:
        """As TRL has them."""
        return pairs.by_metrics(trainer, inputs, pairs_of_batch)
