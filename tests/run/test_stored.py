import tempfile

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.run.stored import StoredRows


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 40), st.integers(0, 40))
def test_a_slice_of_stored_rows_is_that_of_the_same_rows_in_memory(sizes, offset, length):
    rows = pl.DataFrame({"number": range(sum(sizes))})
    stored, start = StoredRows(), 0
    for size in sizes:
        stored.add(rows.slice(start, size))
        start += size
    assert stored.height == rows.height
    assert stored.slice(offset, length).equals(rows.slice(offset, length))
    assert pl.concat(stored.files()).equals(rows)


def test_the_files_go_with_the_object(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stored = StoredRows()
    stored.add(pl.DataFrame({"number": [1]}))
    assert len([*tmp_path.rglob("*.arrow")]) == 1
    del stored
    assert not any(tmp_path.iterdir())
