"""Datasets of a run, written with rows of a test's own."""

import polars as pl

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run


def write(run: Run, name: str, rows: pl.DataFrame, split: str | None = None, shard_rows: int = 1000) -> None:
    """Write rows as the dataset of this name: all of them in `split`, or each in the split that it names."""
    if split is not None:
        rows = rows.with_columns(split=pl.lit(split))
    run.dataset(name, shard_rows).write(0, Part(rows, NOTHING_SET_ASIDE), "")
