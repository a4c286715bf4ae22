"""`sdrrl-data doctor`."""

import json

from sdrrl_data.doctor import examine
from sdrrl_data.doctor.check import Check

CHECKS = [
    Check("core", "ok", "for everything"),
    Check("[qlora]", "missing", "for train: bitsandbytes is not installed", "pip install 'sdrrl-data[qlora]'"),
]
BROKEN = Check("torch", "broken", "cannot be used: \x1b[31mno", "install another")


def test_a_line_for_each_check_and_its_remedy_below(invoke, monkeypatch):
    monkeypatch.setattr(examine, "examine", lambda: iter(CHECKS))
    result = invoke("doctor")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "ok      core               for everything",
        "-       [qlora]            for train: bitsandbytes is not installed",
        "                           pip install 'sdrrl-data[qlora]'",
    ]


def test_what_is_broken_ends_with_an_error(invoke, monkeypatch):
    monkeypatch.setattr(examine, "examine", lambda: iter([*CHECKS, BROKEN]))
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "BROKEN  torch              cannot be used: " in result.stdout
    assert "\x1b" not in result.stdout


def test_json_for_programs(invoke, monkeypatch):
    monkeypatch.setattr(examine, "examine", lambda: iter(CHECKS))
    result = invoke("doctor", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [check._asdict() for check in CHECKS]
