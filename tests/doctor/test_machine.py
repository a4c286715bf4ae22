"""The machine: what is too little is said."""

import shutil
import sys
from types import SimpleNamespace

from sdrrl_data.doctor import machine


def checks() -> dict[str, machine.Check]:
    return {check.name: check for check in machine.checks()}


def test_the_machine_that_runs_the_tests_is_described():
    by_name = checks()
    assert by_name["Python"].state == "ok"
    assert sys.executable in by_name["Python"].says
    assert list(by_name)[:2] == ["Python", "cores"]
    assert list(by_name)[-2:] == ["disk", "disk of the cache"]


def test_a_full_disk_and_an_old_python(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=7 * 10**8))
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    by_name = checks()
    assert by_name["disk"] == machine.Check(
        "disk", "broken", f"0.7 GB free under {tmp_path}: the quickstart needs 5", "make room, or use another disk"
    )
    assert by_name["Python"].state == "broken"
    assert by_name["Python"].remedy == "make an environment with Python 3.11 to 3.13"
