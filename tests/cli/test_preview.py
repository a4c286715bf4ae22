import json

import pytest

from sdrrl_data.pipeline import generate as library
from sdrrl_data.run import Run
from tests.cli.conftest import ODD
from tests.support.small_models import CHANGES, models

MORE = [{"instruction": f"What should a visitor know about village number {number}?"} for number in range(9)]


@pytest.fixture
def small_models(monkeypatch):
    """The commands run small models."""
    monkeypatch.setattr(library, "Models", models)


@pytest.fixture
def words(tmp_path):
    settings = {"scorers": CHANGES["scorers"], "thresholds": CHANGES["thresholds"], "generator.max_model_len": 400}
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*ODD, *MORE]))
    return ["--recipe", "quickstart", "--seeds", "seeds.jsonl", *changes, "--out", "mine"]


def test_a_few_questions_through_every_step_and_a_page(invoke, small_models, words, tmp_path):
    done = invoke("preview", *words, "--rows", "5")
    assert done.exit_code == 0, done.output
    run = Run(tmp_path / "mine-preview")
    assert run.manifest().counts.steps["seeds"].rows_out == 5
    assert (run.path / "report.html").exists()
    assert "look       mine-preview/report.html: open it in a browser" in done.stdout
    assert "push" not in done.stdout
    assert not (tmp_path / "mine").exists()


def test_the_run_that_follows_has_the_whole_limit(invoke, small_models, words, tmp_path):
    assert invoke("preview", *words, "--rows", "3").exit_code == 0
    done = invoke("generate", *words)
    assert done.exit_code == 0, done.output
    assert Run(tmp_path / "mine").manifest().counts.steps["seeds"].rows_out == len(ODD + MORE)


def test_quiet_prints_nothing(invoke, small_models, words):
    done = invoke("generate", *words, "--quiet")
    assert done.exit_code == 0, done.output
    assert done.output == ""
