"""Runs in an object store: the bytes of a run on the disk, whatever is killed, and whoever works on it."""

import json
import os
import signal
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from sdrrl_data import stores
from sdrrl_data.errors import DatasetNotFound, RunBusy, StoreUnavailable
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.worker import work
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run, unused, verifying
from sdrrl_data.run.leases import Leases
from sdrrl_data.stores import Store, address_of
from tests.support import forks, small_models, workers
from tests.support.counted_models import Asked
from tests.support.store import file_of, forget_folders, objects, server
from tests.support.workers import contents

pytestmark = pytest.mark.long

RUN = "s3://bucket/runs/first"
SEEDS = 12
COLOURS = ("red", "green", "brown", "white")


def until_it_is_killed(run, changes, puts, when):
    """Begin a run, or go on with it, and be killed before or after it puts an object into the store."""
    write, number = Store.write, 0

    def counted(store, key, content):
        nonlocal number
        number += 1
        if number == puts and when == "before":
            os._exit(9)
        version = write(store, key, content)
        if number == puts:
            os._exit(9)
        return version

    Store.write = counted
    generate(loading.load("quickstart", changes), run, small_models.models())


def work_without_leases(run):
    """A worker that has every lease, as if it had been suspended while another one took it over."""
    Leases.take = lambda leases, path: True
    workers.work(run)


@pytest.fixture(scope="module")
def running():
    with server() as running:
        yield running


@pytest.fixture(autouse=True)
def store(running, tmp_path):
    """An empty bucket, in which the credentials of the environment may do everything."""
    running.empty()
    with patch.dict(os.environ, running.environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}):
        yield running
        forget_folders()


@pytest.fixture(scope="module")
def changes(tmp_path_factory):
    path = tmp_path_factory.mktemp("seeds") / "seeds.jsonl"
    texts = [f"Why is the {COLOURS[n % 4]} house of neighbour number {n} so cold in winter?" for n in range(SEEDS)]
    path.write_text("".join(json.dumps({"instruction": text}) + "\n" for text in texts))
    return small_models.CHANGES | {"seeds": [{"source": str(path)}], "part_rows": 3}


@pytest.fixture(scope="module")
def recipe(changes):
    return lambda **more: loading.load("quickstart", changes | more)


@pytest.fixture(scope="module")
def alone(recipe, tmp_path_factory):
    """The files of the run that one process makes on its disk."""
    run = tmp_path_factory.mktemp("alone") / "run"
    generate(recipe(), run, small_models.models())
    return contents(run)


def put(key, content):
    Store(address_of("s3://bucket")).write(key, content)


def test_the_objects_are_the_files_of_a_run_on_the_disk(recipe, alone):
    manifest = generate(recipe(), RUN, small_models.models())
    assert manifest.state == "finished"
    assert objects(RUN) == alone


def test_the_name_of_a_parts_object_says_what_made_it(recipe):
    generate(recipe(), RUN, small_models.models())
    fingerprints = Run(RUN).table("answers").fingerprints(4)
    keys = {entry.key for entry in Store(address_of(RUN)).list("answers")}
    assert {f"answers/part-{part:05}.{name}.parquet" for part, name in enumerate(fingerprints)} <= keys


def test_another_process_sees_it_and_fetches_only_what_it_reads(recipe, alone):
    generate(recipe(), RUN, small_models.models())
    forget_folders()
    with patch.object(Store, "fetch", autospec=True, side_effect=Store.fetch) as fetch:
        run = Run(RUN)
        assert run.manifest().state == "finished"
        assert run.table("answers").parts() == 4
        assert run.table("answers").fingerprint(0)
        assert work(RUN, models=None).state == "finished"
        assert not [call.args[1] for call in fetch.call_args_list if call.args[1].endswith(".parquet")]
        assert run.table("answers").read(3).height == 3
    assert [file_of(call.args[1]) for call in fetch.call_args_list][-1] == "answers/part-00003.parquet"


def test_a_finished_run_asks_no_model_again(recipe, alone):
    generate(recipe(), RUN, small_models.models())
    forget_folders()
    asked = Asked()
    generate(recipe(), RUN, asked.models())
    assert not asked.questions
    assert objects(RUN) == alone


def test_nothing_of_it_stays_on_this_machine(recipe, tmp_path):
    generate(recipe(), RUN, small_models.models())
    forget_folders()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_worker_makes_the_same_objects(recipe, alone):
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    forget_folders()
    assert work(RUN, small_models.models(), poll=0.05).state == "finished"
    assert objects(RUN) == alone


def test_a_process_that_is_killed_between_two_puts_loses_nothing(changes, recipe, alone):
    for puts, when in ((2, "after"), (9, "before"), (17, "after"), (26, "before")):
        assert forks.run(until_it_is_killed, RUN, changes, puts, when) == 9
    assert list(Store(address_of(RUN)).list(".leases"))
    generate(recipe(), RUN, small_models.models())
    assert objects(RUN) == alone


def test_the_journal_of_a_killed_process_is_taken_up_on_its_machine(changes, recipe, alone, tmp_path):
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    forget_folders()
    dead = tmp_path / "cache" / "sdrrl-data" / "runs"
    assert forks.run(until_it_is_killed, RUN, changes, 1, "before") == 9
    journals = [path.read_bytes().count(b"\n") for path in dead.rglob("*.journal")]
    assert journals
    asked = Asked()
    generate(recipe(), RUN, asked.models())
    assert len(asked.questions) < SEEDS
    assert objects(RUN) == alone


def test_several_workers_make_the_same_objects_though_one_is_killed_with_a_lease(recipe, alone):
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    forget_folders()
    by_pid = {process.pid: process for process in (forks.start(workers.work, RUN) for _ in range(3))}
    leases = Store(address_of(RUN))
    killed = None
    while killed is None:
        assert any(process.is_alive() for process in by_pid.values())
        for entry in list(leases.list(".leases")):
            try:
                killed = by_pid.pop(json.loads(leases.read(entry.key)[0])[2], None)
            except FileNotFoundError:
                continue
            if killed:
                killed.kill()
                break
    for process in (killed, *by_pid.values()):
        process.join()
    assert killed.exitcode == -signal.SIGKILL
    assert [process.exitcode for process in by_pid.values()] == [0, 0]
    assert objects(RUN) == alone


def test_two_nodes_that_make_the_same_parts_do_no_harm(recipe, alone):
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    forget_folders()
    both = [forks.start(work_without_leases, RUN) for _ in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert objects(RUN) == alone


def test_of_two_objects_of_a_part_the_newer_one_counts(recipe, alone):
    part = "runs/first/answers/part-00002.0123456789abcdef.parquet"
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    forget_folders()
    put(part, b"of an earlier state, as where a process was killed")
    time.sleep(1.1)  # moto's clock counts seconds
    work(RUN, small_models.models(), poll=0.05)
    forget_folders()
    assert objects(RUN) == alone
    put(part, b"of a process that stood still, and then went on with an earlier state")
    with pytest.raises(verifying.FileDamaged):
        generate(recipe(), RUN, small_models.models())


def test_other_settings_keep_what_they_replace_and_going_back_asks_nothing(recipe, alone):
    generate(recipe(), RUN, small_models.models())
    forget_folders()
    generate(recipe(**{"generator.system_prompt": "Be brief."}), RUN, small_models.models())
    forget_folders()
    assert len(unused.states(Run(RUN))) == 1
    forget_folders()
    asked = Asked()
    generate(recipe(), RUN, asked.models())
    assert not asked.questions
    forget_folders()
    assert unused.prune(Run(RUN)) > 0
    assert objects(RUN) == alone


def test_a_process_that_is_killed_while_it_keeps_what_it_replaces_loses_nothing(recipe):
    brief = recipe(**{"generator.system_prompt": "Be brief."})
    generate(recipe(limit=6), RUN, small_models.models())
    forget_folders()
    with patch.object(Store, "copy", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        generate(brief, RUN, small_models.models())
    forget_folders()
    generate(brief.model_copy(update={"limit": 6}), RUN, small_models.models())
    forget_folders()
    asked = Asked()
    generate(recipe(limit=6), RUN, asked.models())
    assert not asked.questions


def test_a_run_grows(recipe, tmp_path):
    for run in (RUN, tmp_path / "run"):
        generate(recipe(limit=5), run, small_models.models())
        forget_folders()
        generate(recipe(limit=10), run, small_models.models())
    assert objects(RUN) == contents(tmp_path / "run")


def test_questions_and_pairs_come_from_the_store(recipe, alone, changes, tmp_path):
    seeds = Path(changes["seeds"][0]["source"])
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("The house is red.\tA casa é vermelha.\nThe house is green.\tA casa é verde.\n")
    put("data/é #1?/seeds.jsonl", seeds.read_bytes())
    put("data/pairs.tsv", pairs.read_bytes())
    there = {
        "seeds": [{"source": "s3://bucket/data/é #1?/seeds.jsonl"}],
        "parallel": {"source": "s3://bucket/data/pairs.tsv"},
    }
    generate(recipe(**there), tmp_path / "there", small_models.models())
    generate(recipe(parallel={"source": str(pairs)}), tmp_path / "here", small_models.models())
    for table in ("seeds", "answers", "pt/parallel", "pt/transfer_set"):
        of_both = [
            Run(tmp_path / run).dataset(table) if "set" in table else Run(tmp_path / run).table(table)
            for run in ("there", "here")
        ]
        rows = [pl_rows.read() if "set" in table else pl_rows.read_all() for pl_rows in of_both]
        assert rows[0].drop("signature", strict=False).equals(rows[1].drop("signature", strict=False))


def test_questions_that_are_added_in_the_store_are_taken(recipe, changes, tmp_path):
    lines = Path(changes["seeds"][0]["source"]).read_bytes().splitlines(keepends=True)
    there = recipe(seeds=[{"source": "s3://bucket/seeds.jsonl"}])
    for count in (6, 9):
        put("seeds.jsonl", b"".join(lines[:count]))
        generate(there, tmp_path / "run", small_models.models())
        assert Run(tmp_path / "run").table("seeds").count() == count
    Store(address_of("s3://bucket")).delete(["seeds.jsonl"])  # the run has read it
    generate(there, tmp_path / "run", small_models.models())
    assert Run(tmp_path / "run").table("seeds").count() == 9


def test_questions_that_are_not_there_are_one_sentence(recipe, tmp_path):
    with pytest.raises(DatasetNotFound, match=r"^seeds s3://bucket/none.jsonl: there is no such file$"):
        generate(recipe(seeds=[{"source": "s3://bucket/none.jsonl"}]), tmp_path / "run", small_models.models())


def test_a_part_that_was_flipped_in_the_store_is_named_and_made_again(recipe, alone):
    generate(recipe(), RUN, small_models.models())
    store = Store(address_of(RUN))
    key = next(entry.key for entry in store.list("pt/translations") if "part-00002" in entry.key and entry.size > 900)
    content = bytearray(store.read(key)[0])
    content[700] ^= 1
    store.write(key, bytes(content))
    run = Run(RUN)
    damages = list(verifying.damages(run, run.manifest()))
    assert damages == [verifying.Damage(file_of(key), "is damaged")]
    moved = verifying.move_away(run, damages)
    assert moved == [f"damaged/{file_of(key)}"]
    forget_folders()
    generate(recipe(), RUN, small_models.models())
    assert {name: content for name, content in objects(RUN).items() if not name.startswith("damaged/")} == alone


@pytest.mark.parametrize("name", ["with space", "é ü 好", "a?b#c%20d", "a+b~c"])
def test_an_address_may_have_any_name(name, recipe):
    generate(recipe(limit=3), f"s3://bucket/{name}/run/", small_models.models(), begin_only=True)
    forget_folders()
    assert Run(Path(f"s3://bucket/{name}/run")).manifest().state == "unfinished"
    assert not list(Store(address_of("s3://bucket/else")).list())


def test_a_place_with_something_else_is_left_alone(recipe):
    put("data/report.pdf", b"mine")
    with pytest.raises(Exception, match=r"s3://bucket/data already exists and is not a run"):
        generate(recipe(), "s3://bucket/data", small_models.models())
    assert [entry.key for entry in Store(address_of("s3://bucket")).list()] == ["data/report.pdf"]


def test_two_processes_do_not_decide_at_once(recipe):
    with Run(RUN).lock():
        forget_folders()
        with pytest.raises(RunBusy, match=f"working on {RUN}: wait for it"), Run(RUN).lock():
            pass


def test_a_bucket_that_does_not_exist_is_one_sentence(recipe):
    with pytest.raises(StoreUnavailable, match="there is no bucket nowhere: create it"):
        generate(recipe(), "s3://nowhere/run", small_models.models())


def test_a_short_silence_of_the_store_is_waited_for(recipe, alone, store):
    generate(recipe(), RUN, small_models.models(), begin_only=True)
    with store.closed_for(3):
        work(RUN, small_models.models(), poll=0.05)
    assert objects(RUN) == alone


def test_a_long_silence_of_the_store_is_one_sentence(recipe, store):
    with (
        patch.dict(stores.RETRIES, max_retries=1),
        patch.dict(os.environ, AWS_ENDPOINT_URL="http://127.0.0.1:9"),
        pytest.raises(StoreUnavailable, match="it cannot be reached: see that the network") as error,
    ):
        generate(recipe(), RUN, small_models.models())
    assert "very-secret-key" not in str(error.value)


def test_no_credential_is_in_a_run(recipe, store):
    generate(recipe(), RUN, small_models.models())
    assert not [name for name, content in objects(RUN).items() if b"very-secret-key" in content]
