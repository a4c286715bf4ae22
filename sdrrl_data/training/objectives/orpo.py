"""Odds ratio preference optimization."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from sdrrl_data.training.losses import Preferred
from sdrrl_data.training.objectives import pairs
from sdrrl_data.training.settings import TrainingConfig


class Orpo(pairs.Pairs):
    """TRL's ORPOTrainer. It learns the chosen answers as they are, and has no reference."""

    name = "orpo"
    module = "trl.experimental.orpo"
    says = "odds ratio preference optimization (ORPO, [Hong et al. 2024](https://arxiv.org/abs/2403.07691))"
    learning_rates = (5e-5, 5e-6)  # of all weights as in the paper; of an adapter ten times that, as for DPO
    averages_at_once = True

    def trainer(self) -> Any:
        """TRL's class."""
        from trl.experimental.orpo import ORPOTrainer

        class Prepared(ORPOTrainer):  # type: ignore[misc]
            """Takes token ids, and pads as the other trainers do."""

            def __init__(self, *args: Any, processing_class: Any, **kwargs: Any) -> None:
                if processing_class.pad_token is None:
                    processing_class.pad_token = processing_class.eos_token
                super().__init__(*args, processing_class=processing_class, **kwargs)

            def tokenize_row(self, feature: Any, model: Any = None) -> Any:
                return feature

        return Prepared

    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """The rows are short enough already."""
        from trl.experimental.orpo import ORPOConfig

        return ORPOConfig(**common, max_length=limit, beta=settings.beta, remove_unused_columns=False)

    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """Each pair is a row. Its names are those of the trainer's collator."""
        from datasets import Dataset

        ids = pairs.answer_ids(rows, taken)
        left_out = pl.lit(-100, dtype=pl.Int32).repeat_by(pl.col("prompt_ids").list.len())
        columns = {}
        for answer in pairs.ANSWERS:
            columns[f"{answer}_input_ids"] = pl.concat_list("prompt_ids", f"{answer}_ids")
            columns[f"{answer}_labels"] = pl.concat_list(left_out, f"{answer}_ids")
            tokens = pl.col("prompt_ids").list.len() + pl.col(f"{answer}_ids").list.len()
            columns[f"{answer}_attention_mask"] = pl.lit(1, dtype=pl.Int32).repeat_by(tokens)
        return Dataset.from_polars(ids.select(**columns))

    def preferred(self, trainer: Any, inputs: dict[str, Any], pairs_of_batch: int) -> Preferred:
        """As TRL has them; a reward is the mean log-probability of a token."""
        loss, metrics = trainer.get_batch_loss_metrics(trainer.model_wrapped, inputs, train_eval="eval")
        margin, right = (metrics[f"eval_rewards/{name}"] for name in ("margins", "accuracies"))
        return Preferred(float(loss) * pairs_of_batch, pairs_of_batch, margin * pairs_of_batch, right * pairs_of_batch)
