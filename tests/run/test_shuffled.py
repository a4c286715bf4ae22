import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.run import Part, Run, shuffled
from sdrrl_data.run.parts import NOTHING_SET_ASIDE

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=30)


def rows_of(drawn):
    rows = [
        {"id": f"{n:02}", "split": "test" if test else "train", "text": "x" * n} for n, (test, _) in enumerate(drawn)
    ]
    return pl.DataFrame(rows, schema={"id": pl.String, "split": pl.String, "text": pl.String})


@given(ROWS, st.integers(1, 10), st.integers(1, 7), st.booleans())
def test_shards_hold_the_rows_in_order_however_they_were_added(tmp_path_factory, drawn, shard_rows, at_once, spill):
    """Orders are few, so that rows of one order often lie on both sides of the end of a shard."""
    run = Run(tmp_path_factory.mktemp("run"))
    rows, order = rows_of(drawn), np.array([number for _, number in drawn], dtype=np.int64)
    is_test = (rows["split"] == "test").to_numpy()
    dataset = run.dataset("pt/transfer_set", shard_rows)
    content = dataset.shuffled({"train": order[~is_test], "test": order[is_test]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffled, "WAITING", 0 if spill else shuffled.WAITING)
        for start in range(0, max(rows.height, 1), at_once):
            some = slice(start, start + at_once)
            content.add(rows[some], pl.Series(order[some]))
        dataset.write(0, Part(content.no_rows, NOTHING_SET_ASIDE, shuffled=content), "f")

    ordered = rows.with_columns(order=pl.Series(order)).sort("order", "id").drop("order")
    other = run.dataset("pt/in_memory", shard_rows)
    other.write(0, Part(ordered, NOTHING_SET_ASIDE), "f")
    files, others = dataset.files(), other.files()
    assert [path.name for path in files] == [path.name for path in others]
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in others]
    assert dataset.rows() == {split: ordered.filter(split=split).height for split in ("train", "test")}
    assert sorted(path.name for path in (run.path / "pt").iterdir()) == ["in_memory", "transfer_set"]


def test_what_an_earlier_try_left_is_not_read(tmp_path):
    dataset = Run(tmp_path).dataset("pt/transfer_set")
    rows, order = rows_of([(False, 1), (False, 2)]), np.array([1, 2])
    for _ in range(2):
        content = dataset.shuffled({"train": order})
        content.add(rows, pl.Series(order))
        assert content.rows(content.shards[0])["id"].to_list() == ["00", "01"]
