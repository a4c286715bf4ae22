"""The machine: what is too little is said."""

import shutil
import sys
from types import SimpleNamespace

from sdrrl_data.doctor import machine


def checks() -> dict[str, machine.Check]:
    return {check.name: check for check in machine.checks()}


def test_the_machine_that_runs_the_tests_is_described():
    found = checks()
    assert found["Python"].state == "ok"
    assert sys.executable in found["Python"].says
    assert list(found)[:2] == ["Python", "cores"]
    assert list(found)[-2:] == ["disk", "disk of the cache"]


def test_a_full_disk_and_an_old_python(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=7 * 10**8))
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    found = checks()
    assert found["disk"] == machine.Check(
        "disk", "broken", f"0.7 GB free under {tmp_path}: the quickstart needs 5", "make room, or use another disk"
    )
    assert found["Python"].state == "broken"
    assert found["Python"].remedy == "make an environment with Python 3.11 to 3.13"
