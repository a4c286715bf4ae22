import json
import re
import shlex

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


def sorted_by_option(words):
    """The options as the command has them: those of one word first, `--set` last."""
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return [word for pair in sorted(pairs, key=lambda pair: pair[0] == "--set") for word in pair]


def test_a_few_questions_through_every_step_and_a_page(invoke, small_models, words, tmp_path):
    done = invoke("preview", *words, "--rows", "5")
    assert done.exit_code == 0, done.output
    run = Run(tmp_path / "mine-preview")
    assert run.manifest().counts.steps["seeds"].rows_out == 5
    assert (run.path / "report.html").exists()
    assert "look       mine-preview/report.html: open it in a browser" in done.stdout
    assert "push" not in done.stdout
    [command] = re.findall(r"^make all   sdrrl-data (.*)$", done.stdout, flags=re.MULTILINE)
    assert shlex.split(command) == ["generate", *sorted_by_option(words)]
    assert not (tmp_path / "mine").exists()


def test_the_run_that_follows_has_the_whole_limit(invoke, small_models, words, tmp_path):
    assert invoke("preview", *words, "--rows", "3").exit_code == 0
    done = invoke("generate", *words)
    assert done.exit_code == 0, done.output
    assert Run(tmp_path / "mine").manifest().counts.steps["seeds"].rows_out == len(ODD + MORE)


def test_a_preview_of_another_model_leaves_the_first_one(invoke, small_models, words, tmp_path, monkeypatch):
    assert invoke("preview", *words, "--rows", "3").exit_code == 0
    first = Run(tmp_path / "mine-preview").manifest()
    other = [{"instruction": f"What should a guest know about house number {number}?"} for number in range(4)]
    (tmp_path / "others.jsonl").write_text("".join(json.dumps(row) + "\n" for row in other))
    for _ in range(2):
        done = invoke("preview", *(word.replace("seeds.jsonl", "others.jsonl") for word in words), "--rows", "2")
        assert done.exit_code == 0, done.output
        assert "look       mine-preview-2/report.html: " in done.stdout
    assert Run(tmp_path / "mine-preview").manifest() == first
    assert not (tmp_path / "mine-preview-3").exists()


def test_quiet_prints_nothing(invoke, small_models, words):
    done = invoke("generate", *words, "--quiet")
    assert done.exit_code == 0, done.output
    assert done.output == ""
