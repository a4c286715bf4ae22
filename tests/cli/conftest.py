import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from sdrrl_data.cli import app
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Manifest, Run
from tests.support.small_models import CHANGES, models

ODD = [
    {"instruction": "Why is the word [bold red]danger[/bold red] \x1b[31mred\x07 in every manual?"},
    {"instruction": "What is the capital of France?"},  # as in the recipe's own seeds
    {"instruction": " ".join(["Why is the sky so blue today?"] * 20)},  # too long for the model
]


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """The commands set variables for the libraries: they end with the test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def command(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in an empty folder and a process of its own."""

    def run(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("sdrrl-data"), *map(str, words)],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> tuple[Manifest, Run]:
    """A run of the recipe `quickstart` by small models, with rows that are odd, set aside and dropped."""
    folder = tmp_path_factory.mktemp("small")
    packaged = loading.PACKAGED / "quickstart" / "seeds.jsonl"
    odd = "".join(json.dumps(row) + "\n" for row in ODD)
    (folder / "seeds.jsonl").write_text(packaged.read_text(encoding="utf-8") + odd, encoding="utf-8")
    recipe = loading.load(
        "quickstart",
        CHANGES
        | {"seeds.source": str(folder / "seeds.jsonl"), "generator.max_model_len": 400}
        | {"thresholds.length": {"max": "80%"}, "part_rows": 16},
    )
    run = Run(folder / "run")
    return generate(recipe, run.path, models()), run
