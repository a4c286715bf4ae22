"""Runs and published sets of sdrrl-data 0.1.0 are read and continued, and their finished parts are kept."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from sdrrl_data import __version__
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support import small_models
from tests.support.steps import Steps

OLD = Path(__file__).parents[1] / "data" / "0.1.0"
SETTINGS = {
    "seeds": [{"source": "seeds.jsonl"}],
    "parallel": {"source": "pairs.tsv"},
    "part_rows": 3,
    "scorers": ["round_trip", "length", "repetition", "duplicates"],
}


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A copy of the run, with its seeds and its corpus beside it."""
    shutil.copytree(OLD, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Run(tmp_path / "run")


def go_on(run, limit=7, **changes):
    """Continue the run as the command line does, with its prompts; returns its manifest and the steps that had work."""
    steps = Steps()
    prompts = run.manifest().recipe["prompts"]
    settings = SETTINGS | {"limit": limit, "prompts": prompts}
    recipe = loading.load("quickstart", small_models.CHANGES | settings | changes)
    return generate(recipe, run.path, small_models.models(), steps), steps.names


def parts(run):
    """The bytes of every part of every table, by its path."""
    return {str(path.relative_to(run.path)): path.read_bytes() for path in run.path.rglob("part-*.parquet")}


def rows(run):
    return run.dataset("pt/transfer_set").read()


def test_of_a_finished_run_only_figures_and_what_stands_beside_it_are_made(old):
    manifest = old.manifest()
    assert manifest.state == "finished"
    before, set_before = parts(old), rows(old)
    after, steps = go_on(old)
    # None of them was there in 0.1.0.
    assert steps == ["pt/preferences", "pt/distillation", "pt/counts", "shared_counts"]
    assert parts(old).items() >= before.items()
    assert rows(old).equals(set_before)
    assert after.signatures == manifest.signatures
    beside = after.counts.targets["pt"]
    assert sum(beside.preferences.rows.values()) == old.dataset("pt/preferences").read().height > 0
    assert sum(beside.distillation.values()) == old.dataset("pt/distillation").read().height > 0
    beside.preferences, beside.distillation = None, {}
    assert after.counts == manifest.counts
    assert json.loads((old.path / "manifest.json").read_text())["schema_version"] == 5
    assert go_on(old)[1] == []


def test_a_grown_run_keeps_its_parts_and_names_both_versions(old):
    before = parts(old)
    manifest, steps = go_on(old, limit=9)
    assert steps[:2] == ["answers", "pt/translations"]
    assert parts(old).items() >= before.items()
    assert manifest.growths == [[3, 1], [3], [2]]
    assert f"|version:0.1.0,{__version__}|" in manifest.signatures["pt"]
    assert rows(old)["signature"].unique().to_list() == [manifest.signatures["pt"]]
    assert old.table("answers").count() == 9
    assert go_on(old, limit=9)[1] == []


def test_a_changed_setting_redoes_its_step_alone(old):
    before = parts(old)
    _, steps = go_on(old, **{"thresholds.repetition.max": 0.1})
    assert steps == [
        "pt/verdicts",
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
        "shared_counts",
    ]
    unchanged = {path: content for path, content in before.items() if "verdicts" not in path}
    assert parts(old).items() >= unchanged.items()


@pytest.mark.parametrize("table", ["pt/code_switched", "pt/scores-heuristics", "pt/translations", "answers"])
def test_a_run_that_was_stopped_redoes_the_missing_part_alone(old, table):
    unlike = ("signature", "scores")  # a part that is made again has scores that 0.1.0 did not give
    complete = rows(old).drop(unlike)
    # 0.1.0 took all rows of some pairs before any row of others.
    crossing = pl.col("task") == "answer", ~pl.col("code_switched")
    (old.path / table / "part-00001.parquet").unlink()
    old.write_manifest(old.manifest().model_copy(update={"state": "unfinished"}))
    before = parts(old)
    go_on(old)
    assert parts(old).items() >= {p: c for p, c in before.items() if f"{table}/" in p}.items()
    again = rows(old).drop(unlike)
    assert again.filter(*crossing).sort("id").equals(complete.filter(*crossing).sort("id"))
    assert again["task"].value_counts().sort("task").equals(complete["task"].value_counts().sort("task"))


def test_the_journal_of_a_part_that_was_not_finished_is_taken_up(old):
    part = old.path / "answers" / "part-00002.parquet"
    fingerprint = old.table("answers").fingerprint(2)
    answers = old.table("answers").read(2)
    part.unlink()
    journal = old.table("answers").journal(2, fingerprint)
    journal.add(f"{answers['id'][0]}/0", ["An answer that only the journal has.", "stop", 1, 1, None])
    journal.close()
    go_on(old)
    now = old.table("answers").read(2)
    assert now["id"].to_list() == answers["id"].to_list()
    assert now["answer"][0] == "An answer that only the journal has."
    assert now["answer"].to_list()[1:] == answers["answer"].to_list()[1:]


def test_a_part_of_other_settings_does_not_stand(old):
    metadata = {"sdrrl_data.schema_version": "4", "sdrrl_data.fingerprint": "0123456789abcdef"}
    path = old.path / "pt" / "translations" / "part-00000.parquet"
    pl.read_parquet(path).with_columns(answer=pl.lit("Not this.")).write_parquet(path, metadata=metadata)
    go_on(old)
    assert "Not this." not in old.table("pt/translations").read_all()["answer"].to_list()


def test_seeds_that_are_added_have_ids_of_their_source_and_the_old_ones_none(old):
    rows = (old.path.parent / "seeds.jsonl").read_text().splitlines()
    with_ids = [json.dumps(json.loads(row) | {"id": f"q{number}"}) for number, row in enumerate(rows)]
    (old.path.parent / "seeds.jsonl").write_text("\n".join(with_ids))
    before = parts(old)
    go_on(old, limit=9)
    assert parts(old).items() >= before.items()
    seeds = old.table("seeds")
    assert seeds.read_all()["source_id"].to_list() == [None] * 7 + ["q7", "q8"]
    assert [rows.width for rows in seeds.read_each(range(seeds.parts()))] == [5] * seeds.parts()


def test_a_run_whose_seeds_are_gone_is_read_although_a_recipe_now_has_more_keys(old):
    (old.path.parent / "seeds.jsonl").unlink()
    before = parts(old)
    go_on(old)
    assert parts(old).items() >= before.items()
    assert go_on(old)[1] == []
