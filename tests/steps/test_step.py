"""Steps as data: they can be sent to another process, and a changed table raises its step's version."""

import json
import os
import pickle
from pathlib import Path

import pytest

from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.run import Run
from sdrrl_data.runners.work import work
from sdrrl_data.steps.model_pool import ModelPool
from tests.steps import tables
from tests.support import forks, small_models


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    here = Path.cwd()
    yield tables.make(tmp_path_factory.mktemp("tables"))
    os.chdir(here)


def test_a_changed_table_raises_the_version_of_its_step(plan):
    now, before = tables.snapshot(plan), json.loads((Path(__file__).parent / "schemas.json").read_text())
    changed = [table for table in now.keys() | before.keys() if now.get(table) != before.get(table)]
    same_version = [
        table for table in changed if now.get(table, {}).get("version") == before.get(table, {}).get("version")
    ]
    assert not same_version, f"raise the version of the steps that make {same_version}; see tests/steps/tables.py"
    assert not changed, "write the snapshot anew: python -m tests.steps.tables > tests/steps/schemas.json"


def test_a_table_has_the_columns_that_its_step_declares(plan):
    written = tables.schemas(plan.run)
    for table, job in plan.tables.jobs.items():
        declared = {column: str(dtype) for column, dtype in job.step.schema.items()}
        assert declared.items() <= written[table].items(), table


def test_every_step_can_be_pickled(plan):
    for job in plan.tables.jobs.values():
        assert pickle.loads(pickle.dumps(job)) == job


def make(folder, job, part):
    work(Run(folder), job, [part], ModelPool(small_models.models()), lambda rows: None)


def test_parts_made_in_other_processes_have_the_same_bytes(plan, tmp_path, monkeypatch):
    """Each step's parts one by one, each in its own process, and in reverse order if the step allows it."""
    monkeypatch.chdir(plan.run.path.parent)
    monkeypatch.syspath_prepend(str(plan.run.path.parent))
    other = Run(tmp_path / "run")
    for table, parts in plan.tables.sources.items():
        for part, content in enumerate(parts):
            other.table(table).write(part, content, plan.tables.fingerprints[table][part])
    for job in plan.tables.jobs.values():
        numbers = list(range(job.step.parts()))
        for part in numbers if job.step.ordered else reversed(numbers):
            assert forks.run(make, other.path, job, part) == 0
    for path in plan.run.path.rglob("*.parquet"):
        name = path.relative_to(plan.run.path)
        if not str(name).startswith(("pt/controls", "pt/references")):
            assert (other.path / name).read_bytes() == path.read_bytes(), name


def test_what_is_learned_is_made_only_where_it_is_read(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(plan.run.path.parent)
    for path in plan.run.path.glob("pt/aligner/*.parquet"):
        content = path.read_bytes()
        path.unlink()
        again = resolve(tables.recipe(Path.cwd()), plan.run.path, small_models.models())
        assert again.missing("pt/aligner") == []
        switched = plan.run.path / "pt" / "code_switched" / "part-00001.parquet"
        rows = switched.read_bytes()
        switched.unlink()
        assert again.missing("pt/aligner") == [0]
        path.write_bytes(content)
        switched.write_bytes(rows)
