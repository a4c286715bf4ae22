"""Column types that more than one table uses."""

from typing import Any

import polars as pl

Schema = dict[str, Any]  # column -> its polars type

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
UNITS = pl.List(
    pl.Struct({"source_start": pl.Int32, "source_end": pl.Int32, "target_start": pl.Int32, "target_end": pl.Int32})
)
SWITCHED = pl.List(
    pl.Struct(
        {
            "text": pl.String,  # "prompt" (its last message) or "completion"
            "start": pl.Int32,  # its place in that text (characters, end excluded)
            "end": pl.Int32,
            "original": pl.String,
            "replacement": pl.String,
            "confidence": pl.Float32,
        }
    )
)
