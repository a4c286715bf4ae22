"""What Tab offers: asked as a shell asks, in a process of its own, and function by function."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdrrl_data.cli import completion


def names(choices):
    return [choice if isinstance(choice, str) else choice[0] for choice in choices]


@pytest.mark.parametrize(
    ("choices", "typed", "expected"),
    [
        (completion.recipes, "qui", ["quickstart"]),
        (completion.parts, "no-co", ["no-code-switch", "no-comet", "no-complete"]),
        (completion.recipes_and_parts, "cometk", ["cometkiwi"]),
        (completion.languages, "vi", ["vi"]),
        (completion.languages, "vi,tha", []),
        (completion.languages, "vi,th", ["vi,th"]),
        (completion.translators, "nl", ["nllb"]),
        (completion.scorers, "simil", ["similarity"]),
        (completion.scores, "round_trip_n", ["round_trip_negation", "round_trip_names"]),
        (completion.keys, "generator.max_t", ["generator.max_tokens="]),
        (completion.keys, "thresholds.similarity.", [f"thresholds.similarity.{b}=" for b in ("min", "max", "weight")]),
        (completion.keys, "scorers.dup", ["scorers.duplicates="]),
        (completion.keys, "seeds.fields.q", ["seeds.fields.question="]),
        (completion.training_keys, "max_s", ["max_steps="]),
        (completion.training_keys, "replay.s", ["replay.share="]),
    ],
)
def test_names(choices, typed, expected):
    assert names(choices(typed)) == expected


def test_runs_and_folders_on_the_way_to_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("runs/one", "runs/other/deep"):
        Path(folder).mkdir(parents=True)
    Path("runs/one/manifest.json").touch()
    Path("runs/file.txt").touch()
    assert names(completion.runs("")) == ["runs/one", "runs/other/"]
    assert names(completion.runs("runs/ot")) == ["runs/other/"]
    assert names(completion.runs("ru")) == ["runs/"]
    assert names(completion.runs("nowhere/x")) == []
    Path("mine.yaml").touch()
    assert names(completion.recipes("mi")) == ["mine.yaml"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["generate", "--recipe", "qui"], ["quickstart"]),
        (["tune", "runs/one", "--score", "similarity_"], ["similarity_min"]),  # an argument before the option
        (["inspect", "runs/one", "--filter", "unk"], ["unknown_words"]),
        (["inspect", "one", "two", "three", "--sort", "unk"], ["unknown_words"]),
        (["train", "x", "--set", "lora.r"], ["lora.rank="]),
    ],
)
def test_a_shell_is_answered(typed, expected):
    words = ["sdrrl-data", *typed]
    asked = {
        "_SDRRL_DATA_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [Path(sys.executable).with_name("sdrrl-data")]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (expected, "")
