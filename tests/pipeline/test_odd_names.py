"""Paths that look like patterns: a run in `g[12]` has nothing to do with the run in `g1` beside it."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from sdrrl_data.cli import app
from sdrrl_data.controls import build
from sdrrl_data.run import Run, opened
from sdrrl_data.training import rows
from tests.publishing import client
from tests.support import small_models
from tests.support.copies import trusted_copy

PATTERNS = ["g[12]", "g?", "g*", "**", "{g1,g2}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs whose paths are patterns that match others: of six questions in `g[12]`, beside one of 31 in `g1`."""
    folder = tmp_path_factory.mktemp("names")
    client.make_run(client.recipe(folder / "in"), folder / "g1")
    recipe = client.recipe(folder / "in[12]", **{"limit": 6})
    shutil.copytree(folder / "in", folder / "in1")
    client.make_run(recipe, folder / "g[12]")
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(run: Run, tag: str = "pt") -> pl.DataFrame:
    return run.transfer_set(tag)


def test_a_run_reads_and_writes_its_own_tables_alone(folder):
    plain = folder / "plain"
    _, manifest = client.make_run(client.recipe(folder / "in", **{"limit": 6}), plain)
    odd, odd_manifest = opened(folder / "g[12]")
    assert odd.table("answers").count() == 6
    assert rows_of(odd).drop("signature").equals(rows_of(Run(plain)).drop("signature"))
    assert odd_manifest.counts == manifest.counts
    before = contents(folder / "g1")
    recipe = client.recipe(folder / "in[12]", **{"limit": 6, "thresholds.src_finished.min": 1})
    client.make_run(recipe, folder / "g[12]")
    assert contents(folder / "g1") == before
    answered = rows_of(odd).filter(task="answer")["seed_id"]
    assert set(answered) <= set(odd.table("seeds").read_all()["id"])


@pytest.mark.parametrize("name", PATTERNS)
def test_every_command_takes_a_path_as_a_path(folder, name, tmp_path, monkeypatch):
    for run in ("g1", "g[12]"):
        shutil.copytree(folder / run, tmp_path / ("g1" if run == "g1" else "copy"))
    (tmp_path / "copy").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    seeds = Run(name).table("seeds").read_all()["id"].to_list()
    shown = invoke("inspect", name, "--step", "seeds", "--rows", "50")
    assert [id for id in Run("g1").table("seeds").read_all()["id"] if id in shown] == seeds
    assert " of 6 pairs pass every filter" in invoke("tune", name)
    neighbour = contents(Path("g1"))
    for command in ("report", "status", "verify"):
        invoke(command, name)
    (Path(name) / "README.md").unlink()
    invoke("card", name)
    assert "| 6 " in (Path(name) / "README.md").read_text(encoding="utf-8")
    invoke("export", name, "--format", "alpaca", "--out", f"{name}-out")
    exported = [len(file.read_text().splitlines()) for file in Path(f"{name}-out").glob("*.jsonl")]
    assert 0 < sum(exported) <= rows_of(Run(name)).height
    assert rows.find(name, tgt="pt").table.height == rows_of(Run(name)).height
    assert contents(Path("g1")) == neighbour


def test_controls_are_those_of_the_run(folder, tmp_path):
    shutil.copytree(folder / "g1", tmp_path / "g1")
    run, manifest = opened(trusted_copy(folder / "g[12]", tmp_path / "g[12]"))
    tokenizer = str(small_models.write_tokenizer(tmp_path / "model[1]"))
    controls = build.make(run, manifest, arms=["sft", "sdrrl"], tokenizer=tokenizer, models=small_models.models())
    assert controls["pt"].seeds <= 6
    assert not list((tmp_path / "g1" / "pt").glob("controls*"))
