"""The job files can be read, and what they type exists."""

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from sdrrl_data.cli import app

JOBS = Path(__file__).parents[1] / "examples" / "jobs"
FILES = sorted(path for path in JOBS.iterdir() if path.is_file())
COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_commands_of_a_job_exist_with_their_options(path):
    text = re.sub(r"command: \[(.*)\]", lambda list: list[1].replace(",", ""), path.read_text())
    typed = [line.split("  #")[0] for line in re.findall(r"sdrrl-data ((?:work|generate|status) [^\n`;]*)", text)]
    assert typed
    for line in typed:
        name, *words = shlex.split(line.replace('"', ""))
        options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".yaml"], ids=lambda path: path.name)
def test_a_job_is_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_the_table_of_jobs_names_every_file():
    table = (JOBS / "README.md").read_text()
    assert all(f"`{path.name}`" in table for path in FILES if path.name != "README.md")
