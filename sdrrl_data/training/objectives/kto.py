"""Kahneman-Tversky optimization."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from sdrrl_data.training.losses import Preferred
from sdrrl_data.training.objectives import pairs
from sdrrl_data.training.settings import TrainingConfig


class Kto(pairs.Pairs):
    """TRL's KTOTrainer, on the chosen and the rejected answer of a pair as two examples.

    It estimates how far the model is from its reference by answers to other questions: those of the pairs that are
    taken at once. The reference is that of DPO.
    """

    name = "kto"
    says = "Kahneman-Tversky optimization (KTO, [Ethayarajh et al. 2024](https://arxiv.org/abs/2402.01306))"
    reference = True
    learning_rates = (5e-6, 5e-7)
    averages_at_once = True
    least_at_once = 2

    def trainer(self) -> Any:
        """TRL's class."""
        from trl import KTOTrainer

        return pairs.prepared(KTOTrainer)

    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """A pair is two examples. Only a question with the answer to another may be too long."""
        from trl import KTOConfig

        at_once = 2 * common["per_device_train_batch_size"]
        return KTOConfig(**common | {"per_device_train_batch_size": at_once}, max_length=limit, beta=settings.beta)

    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """Of the pairs that are taken at once, the chosen answers and then the rejected ones.

        `KL_completion_ids` has the answer of the pair before, among those that are taken at once: so the same answers
        are judged, to other questions. A pair that is left over at the end has that of the first pair of all.
        """
        from datasets import Dataset

        ids = pairs.answer_ids(rows, taken)
        examples = []
        for first in range(0, ids.height, at_once):
            batch = ids.slice(first, at_once)
            others = ids.head(1) if batch.height == 1 else pl.concat([batch.tail(1), batch.head(batch.height - 1)])
            examples += [
                batch.select(
                    "prompt_ids",
                    others[f"{answer}_ids"].alias("KL_completion_ids"),
                    completion_ids=f"{answer}_ids",
                    label=label,
                )
                for answer, label in zip(pairs.ANSWERS, (pl.lit(True), pl.lit(False)), strict=True)
            ]
        return Dataset.from_polars(pl.concat(examples))

    def preferred(self, trainer: Any, inputs: dict[str, Any], pairs_of_batch: int) -> Preferred:
        """As TRL has them; it gives no share of pairs that are in the right order."""
        return pairs.by_metrics(trainer, inputs, pairs_of_batch)
