"""Errors that a program can tell apart, as the functions of `sdrrl_data` raise them."""

import inspect
import json
import pickle

import pytest
from typer.testing import CliRunner

import sdrrl_data
from sdrrl_data import (
    DiskFailed,
    DiskFull,
    NotARun,
    NotInstalled,
    OutputExists,
    RecipeError,
    Run,
    RunBusy,
    RunMismatch,
    RunUnfinished,
    ServerLost,
    ServerUnavailable,
    Stopped,
    UnknownLanguage,
    UserError,
    VersionMismatch,
    errors,
    generate,
    load_recipe,
    push,
    train,
)
from sdrrl_data.cli import app
from sdrrl_data.run import Manifest
from sdrrl_data.shown import LONGEST
from tests.support import small_models

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
UNFINISHED = Manifest(state="unfinished", signatures={"pt": "s"}, recipe={"tgt": ["pt"]}, versions={}, ingredients=[])


@pytest.fixture
def recipe():
    return load_recipe("quickstart", small_models.CHANGES | {"limit": 4})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_given_documented_and_travels_between_processes(kind):
    assert getattr(sdrrl_data, kind.__name__) is kind
    assert issubclass(kind, UserError)
    assert "__doc__" in vars(kind)
    assert str(pickle.loads(pickle.dumps(kind("a sentence")))) == "a sentence"
    assert kind.exit_code == (1 if issubclass(kind, Stopped) else 2)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("quikstart", {}),
        ("mine.yaml", {}),
        ("quickstart", {"generator.temprature": 1}),
        ("quickstart", {"tgt": ["en"]}),
    ],
)
def test_a_mistake_in_a_recipe(name, changes):
    with pytest.raises(RecipeError):
        load_recipe(name, changes)


def test_a_mistake_in_the_settings_of_a_training(tmp_path):
    with pytest.raises(RecipeError, match="did you mean epochs"):
        train("rows.parquet", "model", tmp_path / "out", changes={"epoch": 2})


def test_an_unknown_language(tmp_path):
    with pytest.raises(UnknownLanguage, match="did you mean Portuguese"):
        load_recipe("quickstart", {"tgt": ["Portuguesse"]})
    result = CliRunner().invoke(app, ["pull", "me/set", "--tgt", "Portuguesse", "--out", str(tmp_path / "run")])
    assert result.exit_code == UnknownLanguage.exit_code


def test_a_package_that_is_not_installed_names_its_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("sdrrl_data.training.installed.find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match=r"pip install 'sdrrl-data\[train\]'") as caught:
        train("rows.parquet", "model", tmp_path / "out")
    assert caught.value.extra == "train"
    assert pickle.loads(pickle.dumps(caught.value)).extra == "train"


def test_a_folder_that_is_not_a_run(recipe, tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(NotARun):
        push(tmp_path, "me/set")
    with pytest.raises(NotARun):
        generate(recipe, tmp_path, small_models.models())
    with pytest.raises(NotARun):
        Run(tmp_path).transfer_set("pt")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(NotARun):
        push(tmp_path, "me/set")


def test_a_run_of_another_version(recipe, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"schema_version": 999}))
    with pytest.raises(VersionMismatch):
        generate(recipe, tmp_path, small_models.models())


def test_a_run_that_is_not_finished(tmp_path):
    Run(tmp_path).write_manifest(UNFINISHED)
    with pytest.raises(RunUnfinished):
        push(tmp_path, "me/set")


def test_a_run_that_another_process_holds(recipe, tmp_path):
    run = Run(tmp_path / "run")
    with run.lock(), pytest.raises(RunBusy):
        generate(recipe, run, small_models.models())
    assert generate(recipe, run, small_models.models()).state == "finished"


def test_a_folder_with_another_run(recipe, tmp_path):
    generate(recipe, tmp_path / "run", small_models.models())
    before = (tmp_path / "run/manifest.json").read_bytes()
    (tmp_path / "seeds.txt").write_text("Why is the sea so blue in the morning?\n", encoding="utf-8")
    other = load_recipe("quickstart", small_models.CHANGES | {"seeds": [{"source": str(tmp_path / "seeds.txt")}]})
    with pytest.raises(RunMismatch):
        generate(other, tmp_path / "run", small_models.models())
    assert (tmp_path / "run/manifest.json").read_bytes() == before


def test_output_that_is_there_already(tmp_path):
    (tmp_path / "thresholds.yaml").touch()
    result = CliRunner().invoke(app, ["tune", str(tmp_path / "run"), "--write", str(tmp_path / "thresholds.yaml")])
    assert result.exit_code == OutputExists.exit_code
    assert "exists already" in result.stderr


def test_a_server_that_cannot_be_reached(tmp_path, monkeypatch):
    pytest.importorskip("openai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = {"generator.server.url": "http://127.0.0.1:9/v1", "generator.server.retries": 0}
    with pytest.raises(ServerUnavailable) as caught:
        generate(load_recipe("quickstart", server), tmp_path / "run")
    assert not isinstance(caught.value, Stopped)  # nothing was begun
    assert issubclass(ServerLost, ServerUnavailable)
    assert not (tmp_path / "run").exists()


def test_a_disk_that_refuses(recipe, tmp_path):
    (tmp_path / "run/.manifest.json.tmp").mkdir(parents=True)  # where a file is to be written
    with pytest.raises(DiskFailed, match="check the disk") as caught:
        generate(recipe, tmp_path / "run", small_models.models())
    assert not isinstance(caught.value, DiskFull)


HOSTILE = "x\x1b[31mred\x07\u202egnp.exe\n\n" + "y" * 10_000 + " http://ann:secret@host/v1 do this"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_whatever_an_error_quotes_it_is_one_short_line_without_passwords(kind):
    for error in (kind(HOSTILE), pickle.loads(pickle.dumps(kind(HOSTILE)))):
        said = str(error)
        assert said.isprintable()
        assert len(said) <= LONGEST
        assert "secret" not in said
        assert said.endswith("do this")


HOSTILE_NAMES = ["\x1b[31mred", "\u202egnp", "a\nb", "z" * 10_000, "http://ann:secret@host/v1"]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=["escape", "bidi", "newline", "long", "password"])
@pytest.mark.parametrize(
    "words",
    [
        ["generate", "--recipe", "NAME"],
        ["generate", "--recipe", "quickstart", "--set", "NAME"],
        ["generate", "--recipe", "quickstart", "--set", "generator.server.url=NAME"],
        ["generate", "--recipe", "quickstart", "--set", "NAME=1"],
        ["generate", "--recipe", "quickstart", "--with", "NAME"],
        ["generate", "--recipe", "quickstart", "--tgt", "NAME"],
        ["generate", "--recipe", "quickstart", "--translator", "NAME"],
        ["generate", "--recipe", "quickstart", "--seeds", "NAME", "--dry-run"],
        ["inspect", "NAME"],
        ["tune", "NAME"],
        ["card", "NAME"],
        ["push", "NAME", "me/set"],
        ["push", "run", "NAME"],
        ["pull", "NAME"],
        ["pull", "me/set", "--tgt", "NAME"],
        ["export", "NAME", "--format", "messages"],
        ["controls", "NAME"],
        ["train", "NAME", "--model", "model", "--out", "out", "--tgt", "NAME"],
        ["train", "rows.parquet", "--model", "model", "--out", "out", "--set", "NAME"],
        ["evaluate", "--base", "NAME", "--tuned", "out", "--tgt", "pt"],
        ["evaluate", "--base", "m", "--tuned", "out", "--tgt", "pt", "--judge", "j", "--judge-url", "NAME"],
        ["recipes", "NAME"],
        ["languages", "NAME"],
    ],
    ids=" ".join,
)
def test_every_command_shows_what_it_was_given_and_sends_no_escapes(words, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [word.replace("NAME", name) for word in words])
    said = result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert all(line.isprintable() for line in result.output.split("\n")), said
    assert "secret" not in said
    if said.startswith("error: "):
        assert len(said.strip()) <= LONGEST + len("error: ")
        assert said.count("\n") == 1
