"""How many sequences TRL packs rows into, known before it does."""

import polars as pl


def count(rows: pl.DataFrame, limit: int) -> int:
    """The number of packs: TRL's own function packs the rows.

    Args:
        rows: with the column input_ids, in the order of the training.
        limit: tokens in a pack, at most.
    """
    from datasets import Dataset, disable_progress_bars
    from trl import pack_dataset

    disable_progress_bars()
    return int(pack_dataset(Dataset.from_polars(rows.select("input_ids")), limit).num_rows)
