"""Damage of every kind is named, and only what is damaged is made again."""

import json
import shutil

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.run import Run, verifying
from tests.publishing.client import Steps, recipe
from tests.support import small_models


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified")
    generate(recipe(folder), folder / "run", small_models.models())
    return folder


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished / "run", tmp_path / "run")
    return Run(tmp_path / "run")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def files(run):
    return {
        path.relative_to(run.path).as_posix(): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.is_file() and path.name not in ("timings.jsonl", ".lock") and "damaged" not in path.parts
    }


def damages(run):
    return dict(verifying.damages(run, run.manifest()))


def test_an_undamaged_run_has_no_damages(run):
    assert damages(run) == {}


DAMAGED = {
    "seeds/part-00001.parquet": [],
    "answers/part-00002.parquet": ["answers"],
    "set_aside/answers/part-00003.parquet": ["answers"],
    "pt/translations/part-00000.parquet": ["pt/translations"],
    "pt/aligner/part-00000.parquet": [],  # nothing that is missing reads it
    "pt/parallel/part-00000.parquet": [],
    "pt/verdicts/part-00001.parquet": ["pt/verdicts"],
    "pt/transfer_set/train-00000-of-00001.parquet": ["pt/transfer_set"],
    "pt/counts/part-00000.parquet": ["pt/counts"],
}


@pytest.mark.parametrize(("path", "steps"), DAMAGED.items())
def test_what_is_damaged_is_named_moved_away_and_made_again(finished, run, path, steps):
    whole = files(run)
    flip(run.path / path)
    damaged = (run.path / path).read_bytes()
    assert damages(run) == {path: "is damaged"}
    moved = verifying.move_away(run, verifying.damages(run, run.manifest()))
    assert (run.path / moved[0]).read_bytes() == damaged
    made = Steps()
    generate(recipe(finished), run.path, small_models.models(), made)
    assert made.names == steps
    again = files(run)
    if "aligner" not in path:
        assert again == whole
    assert damages(run) == {}


def test_what_is_gone_or_was_changed_is_named(run):
    (run.path / "pt/verdicts/part-00001.parquet").unlink()
    train, test = (next((run.path / "pt/transfer_set").glob(f"{split}-*")) for split in ("train", "test"))
    test.unlink()
    shutil.copyfile(run.path / "answers/part-00000.parquet", train)  # whole, but of another table
    assert damages(run) == {
        "pt/verdicts/part-00001.parquet": "is gone",
        train.relative_to(run.path).as_posix(): "was changed since the run made it",
        test.relative_to(run.path).as_posix(): "is gone",
    }


def test_a_file_that_was_moved_away_before_is_not_overwritten(run):
    damage = verifying.Damage("seeds/part-00000.parquet", "is damaged")
    content = (run.path / damage.path).read_bytes()
    verifying.move_away(run, [damage])
    (run.path / damage.path).write_bytes(b"another")
    assert verifying.move_away(run, [damage]) == ["damaged/seeds/part-00000.parquet~"]
    assert (run.path / "damaged/seeds/part-00000.parquet").read_bytes() == content


def test_the_command_says_it_in_words_or_as_json_and_exits_with_1(run):
    from typer.testing import CliRunner

    from cli import app

    assert CliRunner().invoke(app, ["verify", str(run.path)]).exit_code == 0
    flip(run.path / "answers/part-00002.parquet")
    result = CliRunner().invoke(app, ["verify", str(run.path)])
    assert result.exit_code == 1
    assert "answers/part-00002.parquet is damaged" in result.output
    result = CliRunner().invoke(app, ["verify", str(run.path), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["left"] == [{"path": "answers/part-00002.parquet", "problem": "is damaged"}]
