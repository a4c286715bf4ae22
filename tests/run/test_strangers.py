"""Files that a run did not make stay where they are, and are never read as if it had."""

import shutil

import polars as pl
import pytest

from sdrrl_data.controls import build
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.publishing import export, write_card
from sdrrl_data.recipe import loading
from sdrrl_data.run import NOTHING_SET_ASIDE, Manifest, Part, Run, unused
from sdrrl_data.run.dataset import Dataset
from sdrrl_data.run.table import Table
from tests.support import small_models

NAMES = (
    "part-of-mine.parquet",
    "part-00001.txt",
    "notes.md",
    "my-part-00001.parquet",
    ".DS_Store",
    "train-mine.parquet",
)


def put(folder):
    """A stranger's files in every folder."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.name.startswith("."))]
    for place in folders:
        for name in NAMES:
            (place / name).write_text(f"mine in {place}")
        (place / "mine").mkdir()
        (place / "mine" / "part-00000.parquet").write_text("mine")
    return {
        path: path.read_bytes()
        for place in folders
        for path in (*map(place.joinpath, NAMES), place / "mine" / "part-00000.parquet")
    }


def test_strangers_files_outlive_every_command(tmp_path):
    recipe = loading.load("quickstart", small_models.CHANGES | {"limit": 8, "part_rows": 4})
    run = Run(tmp_path / "run")
    generate(recipe, run.path, small_models.models())
    manifest = run.manifest()
    build.make(run, manifest, arms=("sdrrl", "no-code-switch"), models=small_models.models())
    export.export(run, manifest, ["pt"], "messages", run.path / "export-messages")
    strangers = put(run.path)
    rows = run.table("answers").read_all().height

    stricter = recipe.model_copy(update={"seed": 7, "limit": 3})
    generate(stricter, run.path, small_models.models())
    assert run.table("answers").read_all().height < rows
    manifest = run.manifest()
    write_card.write_card(run.path)
    build.make(run, manifest, arms=("sdrrl",), models=small_models.models())
    export.export(run, manifest, ["pt"], "messages", run.path / "export-messages", force=True)
    assert unused.states(run)
    assert unused.prune(run) > 0
    assert {path: path.read_bytes() if path.is_file() else None for path in strangers} == strangers
    assert unused.states(run) == []


def test_strangers_files_in_what_is_unused_stay(tmp_path):
    run = Run(tmp_path)
    run.table("answers").write(0, Part(pl.DataFrame({"id": ["a"]}), NOTHING_SET_ASIDE), "f")

    manifest = Manifest(state="finished", signatures={}, recipe={}, versions={}, ingredients=[])
    unused.keep(run, manifest)
    unused.keep(run, manifest)
    mine = tmp_path / "unused" / "00000" / "notes.md"
    mine.write_text("mine")
    (tmp_path / "unused" / "00007-mine").mkdir()
    unused.prune(run)
    left = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "unused").rglob("*")}
    assert left == {"unused/00000", "unused/00000/notes.md", "unused/00007-mine"}


def test_a_dataset_that_was_killed_while_it_was_replaced_keeps_them_too(tmp_path):
    content = Part(pl.DataFrame({"id": ["a"], "split": ["train"]}), NOTHING_SET_ASIDE)
    dataset = Dataset(tmp_path, "set")
    dataset.write(0, content, "f")
    (tmp_path / "set" / "notes.md").write_text("mine")
    shutil.move(tmp_path / "set", tmp_path / ".set.tmp")  # killed before the last step
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.md").write_text("newer")
    dataset.write(0, content, "g")
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").glob("notes*")} == {
        "notes.md": b"newer",
        "notes.md~": b"mine",
    }
    assert dataset.fingerprint() == "g"
    dataset.remove()
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["notes.md", "notes.md~"]


@pytest.mark.parametrize("name", ["part-of-mine.parquet", "part-00000-copy.parquet", "part-1.parquet"])
def test_a_strangers_file_is_no_part(tmp_path, name):
    table = Table(tmp_path, "answers")
    table.write(0, Part(pl.DataFrame({"id": ["a"]}), NOTHING_SET_ASIDE), "f")
    pl.DataFrame({"other": [1]}).write_parquet(tmp_path / "answers" / name)
    assert (table.parts(), table.numbers(), table.read_all()["id"].to_list()) == (1, [0], ["a"])
    table.forget_after(0)
    assert [path.name for path in (tmp_path / "answers").iterdir()] == [name]
