"""Supervised fine-tuning: completions are learned as they are."""

from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.training import losses, tokens
from sdrrl_data.training.losses import Loss, Losses
from sdrrl_data.training.objectives.objective import Objective
from sdrrl_data.training.rows import COMPLETIONS
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized


class Sft(Objective):
    """TRL's SFTTrainer, with the loss on completions only."""

    name = "sft"
    says = "supervised fine-tuning"
    columns = COMPLETIONS
    learning_rates = (2e-4, 2e-5)
    figures: ClassVar[type[Loss]] = Loss

    def tokenize(self, rows: pl.DataFrame, template: ChatTemplate, settings: TrainingConfig, limit: int) -> Tokenized:
        """Prompt and completion as one sequence."""
        return tokens.tokenize(rows, template, limit, settings.too_long)

    def trainer(self) -> Any:
        """TRL's own class takes token ids."""
        from trl import SFTTrainer

        return SFTTrainer

    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """Without packing, the rows are short enough already."""
        from trl import SFTConfig

        packed = settings.packing
        return SFTConfig(
            **common,
            max_length=limit if packed else None,
            packing=packed,
            eval_packing=False,
            completion_only_loss=True,
        )

    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """Token ids and labels. Only completions have labels: -100 leaves a token out of the loss."""
        from datasets import Dataset

        left_out = pl.lit(-100, dtype=pl.Int32).repeat_by("start")
        labels = pl.concat_list(left_out, pl.col("input_ids").list.slice("start"))
        return Dataset.from_polars(rows.select("input_ids", labels=labels)).select(taken)

    def measure(self, trainer: Any, rows: pl.DataFrame, at_once: int) -> Losses:
        """The exact losses; see `losses.measure`."""
        padding = trainer.processing_class.pad_token_id
        return losses.measure(trainer.model_wrapped, rows, at_once, trainer.accelerator, padding)
