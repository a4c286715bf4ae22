"""Damage of every kind is named, and only what is damaged is made again."""

import json
import shutil

import pytest

from sdrrl_data.errors import FileDamaged
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
        if path.is_file() and path.name != "timings.jsonl" and "damaged" not in path.parts
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


OTHERS = {"translator": [{"kind": "nllb"}]}  # the state before is kept


def repaired(finished, run, **changes):
    """What is left, and what is not needed, after the damaged files were moved away and made again."""
    damaged = list(verifying.damages(run, run.manifest()))
    moved = verifying.move_away(run, damaged)
    manifest = generate(recipe(finished, **changes), run.path, small_models.models())
    return moved, list(verifying.still(run, manifest, damaged)), list(verifying.unneeded(run, damaged))


@pytest.mark.parametrize("path", ["seeds/part-00001.parquet", "set_aside/answers/part-00003.parquet"])
def test_a_damaged_file_that_an_earlier_state_is_linked_to_leaves_that_as_well(finished, run, path):
    generate(recipe(finished, **OTHERS), run.path, small_models.models())
    earlier = run.path / "unused" / "00000" / path
    assert earlier.samefile(run.path / path)
    whole = files(run)
    flip(run.path / path)
    assert damages(run) == {path: "is damaged"}
    moved, left, _ = repaired(finished, run, **OTHERS)
    assert {f"damaged/{path}", f"damaged/unused/00000/{path}"} <= {*moved}
    assert not earlier.exists()
    assert left == []
    assert {name: content for name, content in files(run).items() if "unused" not in name} == {
        name: content for name, content in whole.items() if "unused" not in name
    }
    assert damages(run) == {}


def test_a_damaged_file_of_an_earlier_state_alone_is_moved_away_and_not_needed(finished, run):
    generate(recipe(finished, **OTHERS), run.path, small_models.models())
    path = "unused/00000/pt/translations/part-00000.parquet"
    flip(run.path / path)
    _, left, unneeded = repaired(finished, run, **OTHERS)
    assert left == []
    assert [damage.path for damage in unneeded] == [path]
    assert "earlier state" in unneeded[0].problem


def test_what_was_learned_is_moved_away_and_learned_again_only_for_new_rows(finished, run):
    flip(run.path / "pt/aligner/part-00000.parquet")
    _, left, unneeded = repaired(finished, run)
    assert left == []
    assert [damage.path for damage in unneeded] == ["pt/aligner/part-00000.parquet"]


def test_files_of_controls_are_named_and_left_to_the_command_that_makes_them(finished, run):
    shutil.copytree(run.path / "pt/transfer_set", run.path / "pt/controls-sft")
    shutil.copytree(run.path / "pt/translations", run.path / "pt/references")
    test, train = sorted(path.relative_to(run.path).as_posix() for path in run.path.glob("pt/controls-sft/*"))
    paths = [train, "pt/references/part-00001.parquet"]
    for path in paths:
        flip(run.path / path)
    with pytest.raises(FileDamaged, match="type `sdrrl-data controls"):
        run.table("pt/references").read(1)
    _, left, _ = repaired(finished, run)
    assert [damage.path for damage in left] == paths
    assert all("`sdrrl-data controls` command" in damage.problem for damage in left)
    assert damages(run) == dict.fromkeys(paths, "is gone")  # until that command is run
    flip(run.path / test)
    repaired(finished, run)
    assert damages(run) == {"pt/controls-sft": "has no files", paths[1]: "is gone"}
    assert [damage.path for damage in repaired(finished, run)[1]] == ["pt/controls-sft", paths[1]]
