"""COMET's environment: whether it is there, and how to make it."""

import shlex
import sys

import pytest

from sdrrl_data.doctor import comet
from sdrrl_data.doctor.check import Check
from sdrrl_data.errors import UserError
from sdrrl_data.scoring import comet_process


@pytest.fixture
def uv():
    """The program."""
    try:
        return comet_process.command(None)[0]
    except UserError as error:
        pytest.skip(str(error))


def test_an_environment_that_is_not_there_yet(uv, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    (check,) = comet.checks()
    assert (check.name, check.state) == ("COMET", "missing")
    assert "a run makes it before its first answer" in check.says
    program, *_, script = shlex.split(check.remedy)
    assert (program, script) == ("uv", str(comet_process.WORKER))


def test_an_environment_that_is_there(monkeypatch, tmp_path):
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nexit 0\n")
    uv.chmod(0o755)
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [*comet.checks()] == [Check("COMET", "ok", "for scorer comet: its environment is ready")]


def test_without_uv_the_extra_says_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "")
    assert not [*comet.checks()]
