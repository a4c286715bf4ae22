"""The commands on a run in an object store."""

import json
import os
import re
import sys
from unittest.mock import patch

import pytest

from sdrrl_data import languages, stores
from sdrrl_data.errors import DatasetNotFound
from sdrrl_data.evaluation.texts import read_questions
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.worker import work
from sdrrl_data.recipe import loading
from sdrrl_data.run import working_folder
from sdrrl_data.stores import Store, address_of
from sdrrl_data.training import rows as training_rows
from tests.support import small_models
from tests.support.store import forget_folders, objects, server

RUN = "s3://bucket/runs/first"
BEGIN = ("generate", "--recipe", "quickstart", "--seeds", "seeds.txt", "--begin", "--out")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server with a finished run."""
    with server() as running, patch.dict(os.environ, running.environment):
        running.empty()
        recipe = loading.load("quickstart", small_models.CHANGES | {"part_rows": 3})
        with patch.dict(os.environ, {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}):
            generate(recipe, RUN, small_models.models())
            forget_folders()
        yield running


@pytest.fixture(autouse=True)
def _here(running, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "seeds.txt").write_text("Why is the sky so blue in the morning?\n")
    yield
    forget_folders()
    assert not (tmp_path / "s3:").exists()


def test_a_run_is_begun_and_worked_on(command, tmp_path, running):
    place = "s3://bucket/runs/second"
    begun = command(*BEGIN, place + "/", *(f"--set={key}={json.dumps(value)}" for key, value in [("part_rows", 3)]))
    assert (begun.returncode, begun.stderr) == (0, "")
    assert begun.stdout == f"{place} is begun: start workers with sdrrl-data work {place}\n"
    shown = command("status", place)
    assert shown.stdout.startswith(f"{place} is unfinished\nbegun by   sdrrl-data generate --recipe quickstart")
    assert f"--out {place}\n" in shown.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "seeds.txt"] or {path.name for path in tmp_path.iterdir()} == {
        "seeds.txt",
        "cache",
    }
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_finished_run_is_seen(invoke):
    done = invoke("work", RUN)
    assert (done.exit_code, done.stdout) == (0, f"{RUN} is finished: sdrrl-data inspect {RUN} shows what is in it\n")
    now = json.loads(invoke("status", RUN, "--json", "--watch").stdout)
    assert now["state"] == "finished"
    assert invoke("verify", RUN).stdout == "no file is damaged\n"
    shown = invoke("inspect", RUN)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert f"{RUN}" in shown.stdout
    assert "cache" not in shown.stdout
    row = invoke("inspect", RUN, "--step", "transfer_set", "--json").stdout
    assert json.loads(row.splitlines()[0])


def test_a_page_is_written_beside_it(invoke):
    done = invoke("report", RUN)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{RUN}/report.html is written")
    assert objects(RUN)["report.html"].startswith(b"<!doctype html>")


def test_controls_are_made_in_it_and_it_stays_whole(invoke, tmp_path):
    tokenizer = small_models.write_tokenizer(tmp_path / "tokenizer")
    done = invoke("controls", RUN, "--only", "no-code-switch", "--tokenizer", tokenizer)
    assert done.exit_code == 0, done.stderr
    assert RUN in done.stdout + done.stderr
    assert invoke("verify", RUN).stdout == "no file is damaged\n"


def test_a_part_that_was_flipped_is_named(invoke):
    store = Store(address_of(RUN))
    key = next(entry.key for entry in store.list("answers") if "part-00001" in entry.key and entry.size > 900)
    content = store.read(key)[0]
    store.write(key, content[:600] + bytes([content[600] ^ 1]) + content[601:])
    done = invoke("verify", RUN)
    store.write(key, content)
    assert done.exit_code == 1
    assert done.stderr.startswith("answers/part-00001.parquet is damaged\n")


@pytest.mark.parametrize(
    "words", [("preview", "--recipe", "quickstart", "--out", RUN), ("export", RUN, "--format", "alpaca")]
)
def test_what_needs_a_folder_of_this_machine_says_so(invoke, words):
    done = invoke(*words)
    assert done.exit_code == 2
    assert re.fullmatch(r"error: .*this machine.*\n", done.stderr)


def test_a_model_is_not_trained_into_a_store(invoke):
    done = invoke("train", RUN, "--model", "m", "--out", "s3://bucket/model")
    assert done.exit_code == 2
    assert done.stderr == "error: s3://bucket/model is in an object store: --out takes a place on this machine\n"


@pytest.mark.parametrize(
    ("out", "code", "sentence"),
    [
        ("s3://nowhere/run", 1, "there is no bucket nowhere: create it, or correct the address"),
        ("s3://", 2, "is not the address of a place in a bucket: give s3://BUCKET/PLACE"),
        ("s3://name:secret@bucket/run", 2, r"s3:/\*\*\*@bucket/run is not the address of a place in a bucket"),
        ("s3://bucket/../run", 2, "is not the address of a place in a bucket"),
        ("s3://bucket/none", 2, "s3://bucket/none is not a run"),
    ],
)
def test_a_wrong_address_is_one_sentence(invoke, out, code, sentence):
    done = invoke("work", out)
    assert done.exit_code == code, done.stderr
    assert re.match(f"error: .*{sentence}", done.stderr)
    assert "secret" not in done.stderr


def test_without_credentials_it_is_said_which(invoke, monkeypatch):
    monkeypatch.setitem(stores.RETRIES, "max_retries", 0)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    done = invoke("status", RUN)
    assert done.exit_code == 1
    assert "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in done.stderr


def test_without_obstore_it_is_said_what_to_install(invoke, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    done = invoke(*BEGIN, "s3://bucket/other")
    assert done.exit_code == 2
    assert done.stderr == "error: s3://bucket/other needs obstore: pip install 'sdrrl-data[cloud]'\n"


def test_rows_are_trained_on_from_it():
    rows = training_rows.find(RUN, "Portuguese")
    assert (rows.name, rows.config) == ("first", "pt")
    assert not rows.table.is_empty()
    with pytest.raises(DatasetNotFound, match="s3://bucket/none: there is no run"):
        training_rows.find("s3://bucket/none")


def test_questions_of_it_are_evaluated():
    questions = read_questions(RUN, languages.find("en"), languages.find("pt"), 5)
    assert questions["pt"]


def test_a_worker_of_the_library_takes_an_address_too():
    assert work(RUN, models=None).state == "finished"
    assert working_folder.place(RUN).is_dir()
