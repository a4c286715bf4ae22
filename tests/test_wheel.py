"""What is in the wheel, and that it works without the repository."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
SOURCES = ("sdrrl_data", "cli", "recipes", "datacards", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel's files in a folder of their own; it has no scripts and no compiled parts to install."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (source / "dist").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    target = tmp_path_factory.mktemp("target")
    zipfile.ZipFile(wheel).extractall(target)
    return target


@pytest.fixture
def python(installed, tmp_path):
    """Runs Python with the wheel, and everything else from this environment.

    `-S` leaves out the `.pth` files, and with them an editable install of the repository.
    """
    here = Path(distribution("typer").locate_file("")).resolve()

    def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", "-c", script, *words],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), str(here)])},
            capture_output=True,
            text=True,
        )

    return run


def test_it_stands_on_its_own(python, installed):
    script = "import sdrrl_data, sdrrl_data.cli, sdrrl_data.recipes as r; print(sdrrl_data.__file__, r.__file__)"
    done = python(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        str(installed / "sdrrl_data" / "__init__.py"),
        str(installed / "sdrrl_data" / "recipes" / "__init__.py"),
    ]


def test_nothing_but_the_package_is_installed(installed):
    [own] = distributions(path=[str(installed)])
    assert {path.name for path in installed.iterdir()} == {"sdrrl_data", f"sdrrl_data-{own.version}.dist-info"}


def test_every_module_and_data_file_is_in_it(installed):
    for source, target in (("sdrrl_data", ""), ("cli", "cli"), ("recipes", "recipes"), ("datacards", "datacards")):
        files = [path.relative_to(ROOT / source) for path in (ROOT / source).rglob("*") if path.is_file()]
        wanted = [path for path in files if "__pycache__" not in path.parts]
        assert wanted
        assert not [path for path in wanted if not (installed / "sdrrl_data" / target / path).is_file()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--version"], "sdrrl-data "),
        (["recipes"], "\nquickstart "),
        (["recipes", "quickstart"], (ROOT / "recipes" / "quickstart.yaml").read_text(encoding="utf-8")),
        (["languages", "pt"], "por_Latn"),
        (["generate", "--recipe", "quickstart", "--dry-run"], "parallel.en-pt.tsv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_command_works(python, installed, words, expected):
    [own] = distributions(path=[str(installed)])
    [script] = own.entry_points.select(group="console_scripts")
    assert script.name == "sdrrl-data"
    done = python(f"from {script.module} import {script.attr}; {script.attr}()", *words)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
