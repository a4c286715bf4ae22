"""`generate` where COMET's environment or its weights cannot be had: one sentence, before the first answer."""

import sys

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.scoring import comet_process
from tests.support.comet import write_checkpoint

QUICKSTART = ("generate", "--recipe", "quickstart", "--out", "run")
INSTEAD = "; to go on without it, add --with no-comet to the command\n"


@pytest.fixture
def checkpoint(tmp_path):
    """A part of a recipe with a COMET model of this machine."""
    (tmp_path / "comet.yaml").write_text("scorers: { comet: { model: model } }")
    return write_checkpoint(tmp_path / "model")


@pytest.mark.parametrize("model", ["Unbabel/wmt20-comet-qe-da", "Unbabel/wmt22-cometkiwi-da"])
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_weights_that_cannot_be_had(command, tmp_path, model, more):
    (tmp_path / "part.yaml").write_text(f"scorers: {{ comet: {{ model: {model} }} }}")
    words = [*QUICKSTART, "--with", "part.yaml", *more]
    done = command(*words, HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"error: scorer {model} is not in the cache and the Hugging Face Hub cannot be reached"
    )
    assert done.stderr.endswith(INSTEAD)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_environment_that_cannot_be_had(invoke, checkpoint, tmp_path, monkeypatch):
    try:
        comet_process.command(None)
    except UserError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    done = invoke(*QUICKSTART, "--with", "comet.yaml")
    assert done.exit_code == 2
    told, error = done.stderr.splitlines(keepends=True)
    assert told == "scorer model: getting COMET's environment and the model ready\n"
    assert error.startswith("error: uv cannot make the comet scorer's environment: ")
    assert "unbabel-comet" in error
    assert error.endswith(INSTEAD)
    assert not (tmp_path / "run").exists()


def test_without_uv(invoke, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "")
    done = invoke(*QUICKSTART, "--with", "comet.yaml")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: uv makes the comet scorer's environment, and uv is not installed")
    assert done.stderr.endswith(INSTEAD)
    assert not (tmp_path / "run").exists()


def test_the_command_goes_on_without(invoke, checkpoint, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = invoke(*QUICKSTART, "--with", "comet.yaml", "--with", "no-comet", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "pt/scores-confidence" in done.stdout
    assert "pt/scores-comet" not in done.stdout
