"""Rows from runs and Parquet files; those of the Hub are read by `datasets` alone."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.training import rows
from tests.cards.test_card import small_recipe
from tests.support import small_models

from .conftest import SIGNATURE, some_rows, write


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two targets, with a control of one of them."""
    folder = tmp_path_factory.mktemp("run")
    generate(small_recipe(folder / "in"), folder / "out", small_models.models())
    write(folder / "out/pt/controls-sft", some_rows())
    return folder / "out"


@pytest.mark.parametrize(
    ("options", "config", "targets"),
    [
        ({"tgt": "Portuguese"}, "pt", ["pt"]),
        ({"config": "ar-Latn"}, "ar-Latn", ["ar-Latn"]),
        ({"config": "all"}, "all", ["pt", "ar-Latn"]),
    ],
)
def test_a_run_has_a_config_a_target(run: Path, options: dict[str, str], config: str, targets: list[str]) -> None:
    found = rows.find(str(run), **options)
    expected = sum(pl.read_parquet(run / tag / "transfer_set" / "*.parquet").height for tag in targets)
    assert (found.name, found.config, found.src, found.table.height) == ("out", config, "en", expected)
    assert found.table["key"].n_unique() == expected
    assert set(found.table["split"]) == {"train", "test"}
    assert len(found.signatures) == len(targets)


def test_a_control_of_a_run_is_a_config(run: Path) -> None:
    assert rows.find(str(run), config="pt-sft").table.height == len(some_rows())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "has several configs: choose one with --tgt or --config, of pt, ar-Latn, pt-sft, all"),
        ({"tgt": "vi"}, "has no config vi: choose from pt, ar-Latn, pt-sft and all"),
        ({"config": "pt-dpo"}, "has no config pt-dpo"),
    ],
)
def test_a_config_that_is_not_there_is_refused(run: Path, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        rows.find(str(run), **options)


@pytest.mark.parametrize("given", ["", "train-*.parquet", "train-00000-of-00001.parquet"])
def test_parquet_files_are_read_however_they_are_named(dataset: Path, given: str) -> None:
    found = rows.find(str(dataset / given))
    wanted = [row for row in some_rows() if not given or row["split"] == "train"]
    assert found.table.height == len(wanted)
    assert found.signatures == (SIGNATURE,)


def test_a_path_that_is_there_is_never_a_pattern(tmp_path: Path) -> None:
    for name in ("set[12]", "set1"):
        write(tmp_path / name, some_rows())
    assert rows.find(str(tmp_path / "set[12]")).table.height == len(some_rows())
    file = (tmp_path / "set1" / "train-00000-of-00001.parquet").rename(tmp_path / "set1" / "train-[0-9]*.parquet")
    assert rows.find(str(file)).table["split"].unique().to_list() == ["train"]


def test_columns_that_are_not_there_have_a_usual_value(tmp_path: Path) -> None:
    bare = [{name: row[name] for name in ("prompt", "completion")} for row in some_rows()]
    pl.DataFrame(bare).write_parquet(tmp_path / "own.parquet")
    found = rows.find(str(tmp_path / "own.parquet"))
    assert found.table.select("task", "direction", "weight", "split").unique().rows() == [
        ("unknown", "unknown", 1.0, "train")
    ]
    assert found.table["key"].n_unique() == len(bare)
    assert found.src is None


def test_another_content_is_another_revision(dataset: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(dataset, tmp_path / "moved")
    assert rows.find(str(moved)).revision == rows.find(str(dataset)).revision
    assert rows.find(str(write(tmp_path / "less", some_rows()[1:]))).revision != rows.find(str(dataset)).revision


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"text": ["a"]}, "own.parquet has no column prompt: a set to train on has prompt and completion"),
        ({"prompt": [[{"role": "user", "content": "a"}]]}, "has no column completion"),
        ({"prompt": ["a"], "completion": ["b"]}, "must be lists of messages with role and content"),
        ({"prompt": [[{"role": "user", "content": "a"}]], "completion": [[1]]}, "must be lists of messages"),
    ],
)
def test_rows_of_another_form_are_refused(tmp_path: Path, columns: dict[str, Any], sentence: str) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "own.parquet")
    with pytest.raises(UserError, match=sentence):
        rows.find(str(tmp_path / "own.parquet"))


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"no Parquet")
    (tmp_path / "empty").mkdir()
    for given, sentence in [
        (tmp_path / "broken.parquet", "not a Parquet file"),
        (tmp_path / "empty", "has no Parquet files and is not a run"),
        (tmp_path / "missing", "there is no such file or folder, and it is not a dataset on the Hub"),
    ]:
        with pytest.raises(UserError, match=sentence):
            rows.find(str(given))
