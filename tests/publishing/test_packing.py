"""Tables as files for the Hub, and back: the same bytes."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdrrl_data.publishing import packing
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Table, set_aside
from sdrrl_data.sources.row_files import parquet_table
from sdrrl_data.steps.schemas import MESSAGES

SIZES = [4, 0, 7, 3, 0, 0, 12, 1]


def filled(table: Table, sizes: list[int], aside: list[int]) -> Table:
    """A table with parts of these sizes, with so many rows set aside on the way to each."""
    for part, (size, bad) in enumerate(zip(sizes, aside, strict=True)):
        ids = [f"{part}-{row}" for row in range(size + bad)]
        messages = [[{"role": "user", "content": f"Naïve “{id}”?"}] for id in ids]
        rows = pl.DataFrame(
            {"id": ids, "messages": messages, "score": [row / 7 if row % 2 else None for row in range(size + bad)]},
            schema={"id": pl.String, "messages": MESSAGES, "score": pl.Float64},
        )
        bad_rows = set_aside(rows.tail(bad), ["too long"] * bad) if bad else NOTHING_SET_ASIDE
        table.write(part, Part(rows.head(size), bad_rows), f"print {part} {size} {bad}")
    return table


def reader(folder: Path) -> Callable[[str], pl.DataFrame]:
    return lambda name: parquet_table(folder / name, "packed")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(parts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=8), rows=st.integers(1, 30))
def test_a_table_comes_back_byte_for_byte(
    parts: list[tuple[int, int]], rows: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "ROWS", rows)
    folder = tmp_path_factory.mktemp("packing")
    before = Run(folder / "before")
    packed = packing.pack(filled(before.table("pt/answers"), *map(list, zip(*parts, strict=True))), folder / "packed")
    assert {path.name for path in (folder / "packed").iterdir()} == set(packed.files)
    after = Run(folder / "after")
    packing.unpack(packed, reader(folder / "packed"), after.table("pt/answers"), "packed")
    assert bytes_of(after.path) == bytes_of(before.path)


def test_a_table_that_grew_changes_its_last_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "ROWS", 10)
    run = Run(tmp_path / "run")
    table = filled(run.table("answers"), SIZES[:4], [0] * 4)
    first = packing.pack(table, tmp_path / "packed")
    assert list(first.files) == ["rows-00000.parquet", "rows-00001.parquet"]
    first_written = (tmp_path / "packed" / "rows-00000.parquet").stat().st_mtime_ns
    grown = packing.pack(filled(table, SIZES, [0] * 8), tmp_path / "packed")
    assert list(grown.files) == [f"rows-{number:05}.parquet" for number in range(4)]
    changed = {name for name in first.files if grown.files[name] != first.files[name]}
    assert changed <= {"rows-00001.parquet"}
    assert (tmp_path / "packed" / "rows-00000.parquet").stat().st_mtime_ns == first_written


def test_parts_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    packed = packing.pack(filled(Run(tmp_path / "a").table("answers"), SIZES, SIZES), tmp_path / "packed")
    table = Run(tmp_path / "b").table("answers")
    packing.unpack(packed, reader(tmp_path / "packed"), table, "packed")
    paths = sorted((tmp_path / "b" / "answers").iterdir())
    paths[2].unlink()
    before = {path: path.stat().st_mtime_ns for path in paths if path.exists()}
    packing.unpack(packed, reader(tmp_path / "packed"), table, "packed")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert paths[2].exists()


def test_nothing_is_left_of_what_a_killed_process_was_writing(tmp_path: Path) -> None:
    packed = packing.pack(filled(Run(tmp_path / "a").table("answers"), SIZES, SIZES), tmp_path / "packed")
    table = Run(tmp_path / "b").table("answers")
    packing.unpack(packed, reader(tmp_path / "packed"), table, "packed")
    whole = sorted(path.name for path in (tmp_path / "b" / "answers").iterdir())
    for name in (".part-00001.parquet.82a9be9f.tmp", "..part-00001.content.82a9be9f.tmp", "part-00099.parquet"):
        (tmp_path / "b" / "answers" / name).touch()
    packing.unpack(packed, reader(tmp_path / "packed"), table, "packed")
    assert sorted(path.name for path in (tmp_path / "b" / "answers").iterdir()) == whole
