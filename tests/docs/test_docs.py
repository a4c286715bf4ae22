"""What README and docs say is true: commands, code, settings, links, and the generated pages."""

import re
import shlex
import subprocess
import sys
from itertools import dropwhile
from pathlib import Path

import pytest
import typer
import yaml

from docs.__main__ import FOLDER, pages
from sdrrl_data.cli import app
from sdrrl_data.recipe import Recipe
from sdrrl_data.recipe.config import key_of
from sdrrl_data.recipe.plain_yaml import Loader
from sdrrl_data.training.settings import TrainingConfig

ROOT = Path(__file__).parents[2]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WRITTEN = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
USES_A_RUN = ("load_dataset(", "generate(", "Run(")  # tests/test_face.py and tests/test_quickstart.py do the same


def blocks(language):
    return [
        pytest.param(code, id=f"{path.name}-{number}")
        for path in TEXTS
        for number, (kind, code) in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")))
        if kind == language
    ]


def commands():
    for path in TEXTS:
        for kind, code in BLOCK.findall(path.read_text(encoding="utf-8")):
            lines = code.replace("\\\n", " ").splitlines() if kind in ("sh", "console") else []
            yield from (line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith("sdrrl-data"))


@pytest.fixture(scope="module")
def reference():
    """The pages as the code says them now."""
    return pages()


def test_the_reference_has_a_page_for_all_that_the_code_has(reference):
    assert sorted(WRITTEN) == sorted(reference), "run `python -m docs`; what no code says any more is deleted by hand"


@pytest.mark.parametrize("name", WRITTEN)
def test_the_reference_is_what_the_code_says(name, reference):
    assert (FOLDER / name).read_text(encoding="utf-8") == reference[name], "run `python -m docs`"


@pytest.mark.parametrize("line", sorted({line for line in commands() if "[OPTIONS]" not in line}))
def test_every_command_has_the_options_that_the_docs_give_it(line):
    words = shlex.split(line, comments=True)[1:]
    words = [*dropwhile(lambda word: word.startswith("--"), words)]  # options before the command
    words = words[: next((place for place, word in enumerate(words) if word in ("|", ">")), len(words))]
    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="sdrrl-data")
    name, command, rest = group.resolve_command(context, words)
    command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("code", blocks("python"))
def test_every_block_of_python_runs(code):
    if any(use in code for use in USES_A_RUN):
        code = "\n".join(line for line in code.splitlines() if line.startswith(("from ", "import ")))
    exec(compile(code, "block", "exec"), {"__name__": "block"})


@pytest.mark.parametrize("code", blocks("yaml"))
def test_every_block_of_yaml_has_keys_that_exist(code):
    keys = {key_of(name, field) for config in (Recipe, TrainingConfig) for name, field in config.model_fields.items()}
    assert yaml.load(code, Loader).keys() <= keys


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(path):
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1000


def test_the_pages_are_built_without_a_warning(tmp_path):
    pytest.importorskip("furo")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", ROOT / "docs", tmp_path / "html"]
    built = subprocess.run([*build, "-d", tmp_path / "trees"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
