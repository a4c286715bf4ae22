"""Every command with inputs of every bad kind: a sentence of at most two lines, and never a fault."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.support import bad_inputs
from tests.support.bad_inputs import CHANGES, CONTENTS, PLACES, TEXTS

ENDINGS = ("jsonl", "json", "parquet", "csv", "tsv", "txt")
GENERATE = ("generate", "--recipe", "quickstart", "--dry-run", "--limit", "3")
EVALUATE = ("evaluate", "--base", "none", "--tuned", "none", "--tgt", "pt")
OF_RUNS = {
    "card": ("card", "{}"),
    "push": ("push", "{}", "me/set"),
    "controls": ("controls", "{}"),
    "export": ("export", "{}", "--format", "alpaca"),
    "inspect": ("inspect", "{}"),
    "tune": ("tune", "{}"),
    "train": ("train", "{}", "--model", "none", "--out", "out"),
    "evaluate": (*EVALUATE, "--questions", "{}"),
    "generate": ("generate", "--out", "{}", "--dry-run"),
}
OF_PLACES = {
    **{name: words for name, words in OF_RUNS.items() if name != "generate"},
    "generate --out": ("generate", "--recipe", "quickstart", "--seeds", "none.jsonl", "--out", "{}"),
    "generate --recipe": ("generate", "--recipe", "{}", "--dry-run"),
    "generate --with": (*GENERATE, "--with", "{}"),
    "generate --seeds": (*GENERATE, "--seeds", "{}"),
    "generate --model": (*GENERATE, "--model", "{}"),
    "generate --translator": (*GENERATE, "--translator", "firefox:{}"),
    "generate few_shot": (*GENERATE, "--set", "generator.few_shot={}"),
    "generate template": (*GENERATE, "--set", "generator.template={}.jinja"),
    "pull": ("pull", "{}"),
    "pull --out": ("pull", "no name", "--out", "{}"),
    "train MODEL": ("train", "run", "--model", "{}", "--out", "out"),
    "train --settings": ("train", "run", "--model", "none", "--out", "out", "--settings", "{}"),
    "evaluate --base": ("evaluate", "--base", "{}", "--tuned", "{}", "--tgt", "pt"),
    "evaluate --parallel": (*EVALUATE, "--parallel", "{}"),
    "evaluate --choices": (*EVALUATE, "--choices", "{}"),
    "recipes": ("recipes", "{}"),
}
OF_TEXTS = {
    "languages": ("languages", "{}"),
    "recipes": ("recipes", "{}"),
    "doctor": ("doctor", "{}"),
    "generate --src": (*GENERATE, "--src", "{}"),
    "generate --tgt": (*GENERATE, "--tgt", "{}"),
    "generate --limit": (*GENERATE, "--limit", "{}"),
    "generate --translator": (*GENERATE, "--translator", "{}"),
    "inspect --step": ("inspect", "run", "--step", "{}"),
    "inspect --id": ("inspect", "run", "--id", "{}"),
    "inspect --tgt": ("inspect", "run", "--tgt", "{}"),
    "tune --score": ("tune", "run", "--score", "{}"),
    "export --format": ("export", "run", "--format", "{}"),
    "controls --only": ("controls", "run", "--only", "{}"),
    "card --licence": ("card", "run", "--licence", "{}"),
    "push REPO": ("push", "run", "{}"),
    "pull --revision": ("pull", "no name", "--revision", "{}"),
    "train --set": ("train", "run", "--model", "none", "--out", "out", "--set", "{}"),
    "evaluate --judge-url": (*EVALUATE, "--judge", "a", "--judge-url", "{}"),
    "evaluate --tgt": ("evaluate", "--base", "none", "--tuned", "none", "--tgt", "{}"),
    "evaluate --template-option": (*EVALUATE, "--template-option", "{}"),
}
OF_FILES = {
    **{f"generate --seeds {ending}": ((*GENERATE, "--seeds", "{}"), ending) for ending in ENDINGS},
    "generate --recipe": (("generate", "--recipe", "{}", "--dry-run"), "yaml"),
    "generate --with": ((*GENERATE, "--with", "{}"), "yml"),
    "generate few_shot": ((*GENERATE, "--set", "generator.few_shot={}"), "jsonl"),
    "evaluate --parallel": ((*EVALUATE, "--parallel", "{}"), "tsv"),
    "evaluate --questions": ((*EVALUATE, "--questions", "{}"), "jsonl"),
    "evaluate --choices": ((*EVALUATE, "--choices", "{}"), "jsonl"),
    "train --settings": (("train", "run", "--model", "none", "--out", "out", "--settings", "{}"), "yaml"),
}
IN_RUNS = (
    "manifest.json",
    "timings.jsonl",
    "recipe.yaml",
    "seeds/part-00000.parquet",
    "pt/translations/part-00000.parquet",
    "pt/transfer_set",
)
EVERY = int(os.environ.get("EVERY", "7"))  # 1: every combination, in minutes
Walk = Callable[..., None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_run) -> Path:
    """A folder with the bad files and a finished run."""
    folder = tmp_path_factory.mktemp("bad")
    bad_inputs.write_all(folder)
    shutil.copytree(small_run[1].path, folder / "run")
    return folder


@pytest.fixture
def walk(folder, monkeypatch, invoke) -> Iterator[Walk]:
    """Runs a command and looks at what it says."""
    monkeypatch.chdir(folder)

    def run(words, value):
        result = invoke(*(word.replace("{}", str(value)) for word in words))
        refuse_fault(result)

    with patch.dict("os.environ", {"HF_HUB_OFFLINE": "1"}):
        yield run


def refuse_fault(result) -> None:
    said = [line for line in result.stderr.splitlines() if not line.startswith(("warning: ", "problem: "))]
    error = "\n".join(line for line in said if line.startswith(("error: ", "Usage: "))) or "\n".join(said)
    assert result.exit_code in (0, 1, 2, 130), error
    assert "Traceback" not in result.output
    assert "panicked" not in result.output
    assert "\x1b" not in result.output
    if result.exit_code in (1, 2):
        assert error or "problem: " in result.stderr
        assert len(error) <= len("error: ") + 500
        assert error.count("\n") <= 1


def some(*sets: Iterable[str]) -> list[tuple[str, ...]]:
    """Combinations in which every value of a set occurs; with EVERY=1, all of them."""
    numbered = product(*(enumerate(values) for values in sets))
    return [
        tuple(value for _, value in combination)
        for combination in numbered
        if sum(number for number, _ in combination) % EVERY == 0
    ]


@pytest.mark.parametrize(("command", "place"), some(OF_PLACES, PLACES))
def test_a_place_that_cannot_be_used(walk, command, place):
    walk(OF_PLACES[command], PLACES[place])


@pytest.mark.parametrize(("command", "text"), some(OF_TEXTS, TEXTS))
def test_a_text_that_means_nothing(walk, command, text):
    walk(OF_TEXTS[command], TEXTS[text])


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_cannot_be_made(walk, change):
    walk((*GENERATE, "--set", "{}"), CHANGES[change])


@pytest.mark.parametrize(("content", "option"), some(CONTENTS, OF_FILES))
def test_a_file_that_is_not_what_it_is_called(walk, folder, content, option):
    words, ending = OF_FILES[option]
    walk(words, shutil.copyfile(folder / f"bad-{[*CONTENTS].index(content)}", folder / f"bad.{ending}"))


@pytest.mark.parametrize(("content", "name", "command"), some(CONTENTS, IN_RUNS, OF_RUNS))
def test_a_run_with_a_damaged_file(walk, folder, content, name, command):
    run = shutil.copytree(folder / "run", folder / "damaged")
    try:
        path = next((run / name).glob("train-*")) if name.endswith("set") else run / name
        shutil.copyfile(folder / f"bad-{[*CONTENTS].index(content)}", path)
        walk(OF_RUNS[command], run)
    finally:
        shutil.rmtree(run)
