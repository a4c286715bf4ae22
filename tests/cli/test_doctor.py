"""`sdrrl-data doctor`."""

import json

import pytest
import typer

from sdrrl_data.cli.doctor import show
from sdrrl_data.doctor.check import Check

CHECKS = [
    Check("core", "ok", "for everything"),
    Check("[qlora]", "missing", "for train: bitsandbytes is not installed", "pip install 'sdrrl-data[qlora]'"),
]
BROKEN = Check("torch", "broken", "cannot be used: \x1b[31mno", "install another")


def test_a_line_for_each_check_and_its_remedy_below(capsys):
    show(CHECKS, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "ok      core               for everything",
        "-       [qlora]            for train: bitsandbytes is not installed",
        "                           pip install 'sdrrl-data[qlora]'",
        "",
        "- is not there, which only matters to those who need it; the line below mends it",
    ]


def test_what_is_broken_ends_with_an_error(capsys):
    with pytest.raises(typer.Exit) as error:
        show([*CHECKS, BROKEN], as_json=False)
    assert error.value.exit_code == 1
    output = capsys.readouterr().out
    assert "BROKEN  torch              cannot be used: " in output
    assert "\x1b" not in output


def test_json_for_programs(capsys):
    show(CHECKS, as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [check._asdict() for check in CHECKS]


def test_the_command_looks_at_this_machine(command, tmp_path):
    for package in ("torch", "vllm", "ctranslate2"):
        (tmp_path / f"{package}.py").write_text("raise ImportError('not this one')", encoding="utf-8")
    done = command("doctor", "--json", PYTHONPATH=str(tmp_path), HF_HUB_OFFLINE="1")
    checks = {check["name"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert checks["Python"]["state"] == checks["core"]["state"] == "ok"
    assert checks["torch"]["says"] == "cannot be used: ImportError: not this one"
    assert done.returncode == 1
