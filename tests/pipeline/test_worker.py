"""Several processes on one run: nothing is lost, nothing is made twice, and the bytes are those of one process."""

import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from unittest.mock import patch

import pytest

from sdrrl_data.errors import NotARun, RunBusy, RunMismatch, RunUnfinished
from sdrrl_data.pipeline import beginning
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.worker import work
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.run.leases import Leases, Times
from tests.support import forks, small_models, workers
from tests.support.counted_models import Asked
from tests.support.workers import contents

POLL = 0.05
SEEDS = 24
COLOURS = ("red", "green", "brown", "white")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    path = tmp_path_factory.mktemp("seeds") / "seeds.jsonl"
    texts = [f"Why is the {COLOURS[n % 4]} house of neighbour number {n} so cold in winter?" for n in range(SEEDS)]
    path.write_text("".join(json.dumps({"instruction": text}) + "\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def recipe(seeds):
    return lambda **changes: loading.load(
        "quickstart", small_models.CHANGES | {"seeds": [{"source": str(seeds)}], "part_rows": 3} | changes
    )


@pytest.fixture(scope="module")
def alone(recipe, tmp_path_factory):
    """The files of the run that one process makes."""
    run = tmp_path_factory.mktemp("alone") / "run"
    generate(recipe(), run, small_models.models())
    return contents(run)


def begun(recipe, out, **changes):
    generate(recipe(**changes), out, small_models.models(), begin_only=True)
    return out


def test_a_worker_makes_the_bytes_that_generate_makes(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    assert Run(run).manifest().state == "unfinished"
    assert work(run, small_models.models(), poll=POLL).state == "finished"
    assert contents(run) == alone


def test_workers_share_the_parts_and_make_none_twice(recipe, alone, tmp_path):
    run, asked = begun(recipe, tmp_path / "run"), [Asked() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work, run, each.models(), poll=POLL) for each in asked]:
            assert done.result().state == "finished"
    assert contents(run) == alone
    questions = Counter(question for each in asked for question in each.questions)
    assert len(questions) == SEEDS
    assert set(questions.values()) == {1}


def test_generate_and_a_worker_work_together(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    with ThreadPoolExecutor(2) as pool:
        worker = pool.submit(work, run, small_models.models(), poll=POLL)
        assert generate(recipe(), run, small_models.models()).state == "finished"
        assert worker.result().state == "finished"
    assert contents(run) == alone


def test_the_model_writes_the_seeds_of_workers_too(recipe, tmp_path):
    changes = {"seeds": {"source": "magpie"}, "limit": 9}
    generate(recipe(**changes), tmp_path / "alone", small_models.models())
    run = begun(recipe, tmp_path / "run", **changes)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, run, small_models.models(), poll=POLL) for _ in range(2)]:
            assert done.result().state == "finished"
    assert contents(run) == contents(tmp_path / "alone")


def test_a_run_grows_and_a_worker_makes_what_is_new(recipe, tmp_path):
    generate(recipe(limit=10), tmp_path / "run", small_models.models())
    run, asked = begun(recipe, tmp_path / "run"), Asked()
    work(run, asked.models(), poll=POLL)
    assert len(asked.questions) == SEEDS - 10


def test_a_worker_that_is_killed_while_it_holds_a_lease_loses_nothing(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    by_pid = {process.pid: process for process in (forks.start(workers.work, run) for _ in range(2))}
    while not list(run.rglob("*.lease-*")):
        assert all(process.is_alive() for process in by_pid.values())
        time.sleep(0.002)
    killed = by_pid.pop(json.loads(next(run.rglob("*.lease-*")).read_bytes())[2])
    killed.kill()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    for process in by_pid.values():
        process.join()
        assert process.exitcode == 0
    assert contents(run) == alone


LEAVE = """
import os, sys
from pathlib import Path
from sdrrl_data.run.leases import Leases
leases = Leases()
for name in ("answers/.part-00001", "pt/.transfer_set", ".lock"):
    assert leases.take(Path(sys.argv[1], name))
os._exit(9)
"""


def test_what_killed_processes_began_to_write_is_removed_at_the_end(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    leftover = run / "answers" / ".part-00003.parquet.5302e944.tmp"
    leftover.parent.mkdir()
    leftover.touch()
    work(run, small_models.models(), poll=POLL)
    assert contents(run) == alone


def test_leases_of_finished_parts_that_a_killed_process_had_are_removed_at_the_end(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    work(run, small_models.models(), poll=POLL)
    for again in (lambda: work(run, models=None), lambda: generate(recipe(), run, small_models.models())):
        assert subprocess.run([sys.executable, "-c", LEAVE, run]).returncode == 9
        assert len(list(run.rglob(".*.lease-1"))) == 3
        again()
        assert contents(run) == alone


def test_a_part_that_a_machine_took_and_left_is_made_by_another(recipe, alone, tmp_path):
    run = begun(recipe, tmp_path / "run")
    lease = run / "answers" / ".part-00002.lease-1"
    lease.parent.mkdir()
    lease.write_text(json.dumps([1, "node-7", 4711, "another boot", "1"]))
    with patch("sdrrl_data.run.leases.Times", lambda: Times(0.05, 0.5)):
        work(run, small_models.models(), poll=POLL)
    assert contents(run) == alone


def test_a_finished_run_loads_and_asks_nothing(recipe, tmp_path):
    generate(recipe(), tmp_path / "run", small_models.models())
    assert work(tmp_path / "run", models=None).state == "finished"


def test_a_folder_that_was_not_begun_is_no_work(tmp_path):
    with pytest.raises(NotARun, match="is not a run"):
        work(tmp_path, small_models.models())


def test_a_run_whose_seeds_were_never_all_written_is_refused(recipe, tmp_path):
    run = Run(begun(recipe, tmp_path / "run"))
    run.write_manifest(run.manifest().model_copy(update={"state": "beginning"}))
    with pytest.raises(RunUnfinished, match="not all of its seeds"):
        work(run.path, small_models.models(), poll=POLL)


def test_a_worker_waits_for_whoever_writes_the_seeds(recipe, alone, tmp_path):
    run = Run(begun(recipe, tmp_path / "run"))
    manifest = run.manifest()
    run.write_manifest(manifest.model_copy(update={"state": "beginning"}))
    with ThreadPoolExecutor(1) as pool, run.lock():
        worker = pool.submit(work, run.path, small_models.models(), poll=POLL)
        time.sleep(4 * POLL)
        assert not worker.done()
        run.write_manifest(manifest)
        while not run.table("answers").existing():
            time.sleep(POLL)
    assert contents(run.path) == alone


def test_what_others_work_on_is_not_changed(recipe, tmp_path):
    run = Run(begun(recipe, tmp_path / "run"))
    before = contents(run.path)
    with closing(Leases()) as leases:
        assert leases.take(run.table("answers").lease(1))
        with pytest.raises(RunBusy, match="is working on"):
            generate(recipe(**{"generator.temperature": 0.25}), run.path, small_models.models())
    assert contents(run.path) == before
    generate(recipe(**{"generator.temperature": 0.25}), run.path, small_models.models())
    assert Run(run.path).manifest().recipe["generator"]["temperature"] == 0.25


def test_a_worker_takes_up_what_a_run_has_become(recipe, tmp_path):
    """A recipe is changed while a worker holds no part: it plans again before it makes the next one."""
    changes = {"thresholds.length": {"min": 0.9, "max": 1.1}}
    generate(recipe(**changes), tmp_path / "other", small_models.models())
    run, waits = begun(recipe, tmp_path / "run"), []
    small = small_models.models()

    def identify(settings):
        if not waits:  # as the worker plans
            waits.append(1)
            begun(recipe, run, **changes)
        return small.identify_generator(settings)

    work(run, dataclasses.replace(small, identify_generator=identify), poll=POLL)
    assert contents(run) == contents(tmp_path / "other")


def test_other_versions_and_other_models_are_refused(recipe, tmp_path):
    run, small = Run(begun(recipe, tmp_path / "run")), small_models.models()
    other = dataclasses.replace(
        small, identify_generator=lambda settings: dataclasses.replace(small.identify_generator(settings), revision="2")
    )
    with pytest.raises(RunMismatch, match=r"generator Answering@1, and this machine has Answering@2"):
        work(run.path, other, poll=POLL)
    manifest = run.manifest()
    run.write_manifest(manifest.model_copy(update={"versions": manifest.versions | {"polars": "0.1"}}))
    with pytest.raises(RunMismatch, match=r"polars [\d.]+ \(not 0\.1\)"):
        work(run.path, small, poll=POLL)
    assert not run.table("answers").existing()
    assert not beginning.Leases().others(run.path)
