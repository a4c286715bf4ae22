"""Parquet files of the user's, whatever is in them."""

import datetime
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow
import pytest
from pyarrow import parquet

from sdrrl_data.errors import UserError
from sdrrl_data.sources.row_files import parquet_table


def test_every_type_is_read_as_polars_reads_it(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "text": ["naïve", None],
            "turns": [[{"role": "user", "content": "Why?"}], []],
            "moment": [datetime.datetime(2026, 11, 29, 12), None],
            "category": pl.Series(["a", "b"], dtype=pl.Categorical),
            "pair": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
            "bytes": [b"\xff", None],
        }
    )
    for name, rows in {"some": table, "none": table.clear()}.items():
        rows.write_parquet(tmp_path / f"{name}=1.parquet")
        assert parquet_table(tmp_path / f"{name}=1.parquet", "seeds").equals(rows)


def test_lists_inside_each_other_do_not_end_the_process(tmp_path: Path) -> None:
    path = tmp_path / "deep.parquet"
    dtype = pyarrow.int32()
    for _ in range(500):
        dtype = pyarrow.list_(dtype)
    parquet.write_table(pyarrow.table({"question": pyarrow.nulls(1, dtype)}), path, store_schema=False)
    reading = (
        f"from sdrrl_data.sources.row_files import parquet_table, Path; parquet_table(Path({str(path)!r}), 'seeds')"
    )
    done = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True)
    assert f"UserError: seeds {path}: not a Parquet file (OSError: " in done.stderr
    assert done.returncode == 1


def test_a_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.parquet"
    texts = pyarrow.array([b"\xff\xfe"], pyarrow.binary()).view(pyarrow.string())
    parquet.write_table(pyarrow.table({"question": texts}), path)
    with pytest.raises(UserError, match="not a Parquet file"):
        parquet_table(path, "seeds")
