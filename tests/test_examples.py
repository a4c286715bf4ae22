"""The examples run, without a download; the job files can be read, and what they type exists."""

import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import nbclient
import nbformat
import pytest
import typer
import yaml

from sdrrl_data import Run
from sdrrl_data.cli import app
from tests.support import hub
from tests.support.copies import trusted_copy

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
HEAD = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)  # PEP 723
JOBS = EXAMPLES / "jobs"
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the first script has made the run that all examples share."""
    folder = tmp_path_factory.mktemp("examples")
    printed = in_a_process("first_set.py", folder)
    assert "Texts that fail a threshold:" in printed
    assert "en->pt" in printed
    return folder


def in_a_process(script, folder, *arguments, environment=None) -> str:
    """What a script prints as a user runs it."""
    command = [sys.executable, EXAMPLES / script, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def run(folder, monkeypatch, capsys) -> Callable[[str], str]:
    """Returns what a script prints that goes on with the run; it is run here, where all is imported."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(EXAMPLES)

    def run(script: str) -> str:
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_two_targets(folder, run):
    """In a copy of the run, which has Portuguese, and takes Galician up."""
    trusted_copy(folder / "runs" / "examples", folder / "runs" / "two-targets")
    printed = run("two_targets.py")
    assert re.findall(r"^(\w\w): \d+ of 12 pairs", printed, re.MULTILINE) == ["pt", "gl"]


def test_a_scorer_of_ones_own(folder, run):
    assert "src_finished: " in run("own_scorer.py")
    assert "asks>=1" in Run(folder / "runs" / "examples").manifest().signatures["pt"]


def test_a_translator_of_ones_own(run):
    assert "Non há información sobre a vella ponte" in run("own_translator.py")


def test_publishing(folder, tmp_path):
    with hub.serving() as served:
        served.user("token", "ann")
        printed = in_a_process("publish.py", folder, "ann/set", environment=served.environment(tmp_path, "token"))
        assert "pt" in served.repos["datasets/ann/set"].files()["README.md"].decode()
    assert re.search(r"^\d+ rows to train on: .*prompt", printed, re.MULTILINE)
    assert (folder / "runs" / "pulled" / "manifest.json").is_file()


def test_files_for_llama_factory(run):
    printed = run("llama_factory.py")
    assert '"formatting": "sharegpt"' in printed
    assert yaml.safe_load(printed[printed.index("stage:") :])["dataset"] == "sdrrl_pt_train"


def test_the_notebook(folder):
    notebook = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in cells), "clear the outputs before you commit"
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    assert re.search(r"\d+ rows before, \d+ now", cells[-1].outputs[-1].text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_needs(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    [head] = HEAD.findall(text)
    needs = tomllib.loads("".join(line.removeprefix("#").removeprefix(" ") for line in head.splitlines(True)))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert needs["requires-python"] == project["requires-python"]
    [extras] = re.findall(r"^sdrrl-data\[(.*)\]$", needs["dependencies"][0])
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()


def test_the_page_of_examples_names_each():
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in [*SCRIPTS, *EXAMPLES.glob("*.ipynb")] if f"({path.name})" not in page] == []
