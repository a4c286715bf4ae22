import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.sources.text_sets import every, find, held_out, rows, strings

ROWS = [{"question": "Why,\nand where?", "answer": 'By "it".'}, {"question": "Warum", "answer": "Über"}]
WRITERS = {
    "jsonl": lambda path: path.write_text("".join(json.dumps(row) + "\n" for row in ROWS)),
    "json": lambda path: path.write_text(json.dumps(ROWS)),
    "csv": lambda path: pl.DataFrame(ROWS).write_csv(path),
    "tsv": lambda path: pl.DataFrame(ROWS).write_csv(path, separator="\t"),
    "parquet": lambda path: pl.DataFrame(ROWS).write_parquet(path),
}
IN_TMP_PATH = settings(suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture])


def read(path):
    return [(place, list(strings(content))) for place, content in rows(find(str(path), "test set"), every)]


@pytest.mark.parametrize("ending", WRITERS)
def test_reads_the_same_rows_from_every_kind_of_file(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    WRITERS[ending](path)
    assert read(path) == [(str(number), list(row.values())) for number, row in enumerate(ROWS, 1)]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_path_is_never_a_pattern(tmp_path, ending):
    for name in ("a[12]?*", "a1x"):
        WRITERS[ending](tmp_path / f"{name}.{ending}")
    assert len(read(tmp_path / f"a[12]?*.{ending}")) == len(ROWS)


def test_reads_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffOne.\r\n\r\nThree.".encode())
    assert read(path) == [("1", ["One."]), ("3", ["Three."])]


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    one, same, other = (tmp_path / name for name in ("a.txt", "b.txt", "c.txt"))
    for path, text in (one, "x"), (same, "x"), (other, "y"):
        path.write_text(text)
    assert find(str(one), "r").revision == find(str(same), "r").revision != find(str(other), "r").revision


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "{}\n{", "row 2 cannot be read (not JSON (Expecting property name"),
        ("a.json", "{}", "expected a list of objects; a file with one object per line must end in .jsonl"),
        ("a.csv", "a,b\n1", "row 1 cannot be read (has 1 fields, the header has 2): correct the file"),
        ("a.parquet", "{}", "not a Parquet file ("),
        ("a.txt", b"\xff", "row 1 cannot be read (not UTF-8 (invalid start byte at byte 1)): correct the file"),
        ("a.doc", "x", "expected a file ending in .jsonl, "),
        ("none.txt", None, "there is no such file"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(f"test set {path}: {message}")


@IN_TMP_PATH
@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet", "txt"])
@given(content=st.binary())
def test_any_bytes_are_read_or_refused(tmp_path, ending, content):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    try:
        rows = read(path)
    except UserError as error:
        refusal = str(error)
        assert refusal.startswith(f"test set {path}: ")
    else:
        places = [int(place) for place, _ in rows]
        assert places == sorted(set(places))


@pytest.mark.parametrize("source", ["what is this", "belebele2", "org/name/more", "x" * 5000, "nul\0/byte"])
def test_neither_a_file_nor_a_dataset(source):
    with pytest.raises(UserError, match="there is no such file, and it is not a dataset on the Hub"):
        find(source, "test set")


@pytest.mark.parametrize(
    ("splits", "kept"),
    [
        (["train", "test"], ["test"]),
        (["auxiliary_train", "dev", "validation"], ["dev", "validation"]),
        (["train"], ["train"]),
        (["train_sft", "train_gen"], ["train_sft", "train_gen"]),
        (["constrained", "train-1"], ["constrained"]),
    ],
)
def test_training_splits_are_left_out_where_there_are_others(splits, kept):
    assert held_out(splits) == kept
    assert every(splits) == splits
