"""Rows that are all in memory, split and shuffled as those of a transfer set are."""

import numpy as np
import polars as pl

from sdrrl_data.recipe import MixConfig
from sdrrl_data.steps.transfer_set import Draw


def split(rows: pl.DataFrame, test_share: float, seed: int) -> pl.DataFrame:
    """All rows, in the order of a transfer set, with a column `split`.

    Args:
        rows: columns `id` and `seed_id`.
        test_share: as a recipe has it.
        seed: the recipe's.
    """
    everything = MixConfig.model_validate(
        {"src->src": 1.0}
        | dict.fromkeys(("src->tgt", "tgt->src", "tgt->tgt", "code_switched", "translate", "complete"), 0.0)
    )
    alike = rows.with_columns(kind=pl.lit("src->src"), weight=1.0)
    drawn = Draw(seed, lambda: [alike]).drawn(everything, test_share)
    return (
        rows.with_columns(split=pl.Series(np.where(drawn.is_test, "test", "train"), dtype=pl.String), order=drawn.order)
        .sort("order", "id")
        .drop("order")
    )
