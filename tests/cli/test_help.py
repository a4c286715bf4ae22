import os
import re
import shlex
import subprocess
import sys

import pytest
import typer

from sdrrl_data.cli import app

HEAVY = {"torch", "transformers", "datasets", "polars", "yaml", "vllm", "numpy", "huggingface_hub", "matplotlib"}
COMMANDS = (
    *("generate", "preview", "inspect", "report", "tune", "card", "push", "pull", "export", "work", "status"),
    *("controls", "train", "evaluate"),
)


def test_help_lists_the_commands(invoke):
    result = invoke("--help")
    assert result.exit_code == 0
    for expected in (*COMMANDS, "recipes", "languages", "sdrrl-data generate --recipe quickstart"):
        assert expected in result.output


def test_no_command_is_answered_with_help(invoke):
    assert "Usage:" in invoke().output


def test_help_of_generate_names_its_options(invoke):
    result = invoke("generate", "--help")
    assert result.exit_code == 0
    for option in ("src", "tgt", "recipe", "seeds", "limit", "out", "model", "translator", "set", "dry-run"):
        assert f"--{option}" in result.output


def test_flags_are_shown_as_flags(invoke):
    for command in ("generate", "tune", "push", "train"):
        shown = invoke(command, "--help").output
        assert "--help" in shown
        assert "bool" not in shown.lower()


ALL = typer.main.get_command(app)


def _examples(command: typer.core.TyperCommand, shown: str) -> list[list[str]]:
    """The words of each command that somebody would run who pasted the examples of a help."""
    pasted = shown.partition("\nExamples\n")[2].replace("\\\n", " ")
    lines = (shlex.split(line.partition(" > ")[0], comments=True) for line in pasted.splitlines())
    return [words for words in lines if words]


@pytest.mark.parametrize("name", [None, *ALL.commands])
def test_the_examples_of_a_help_can_be_pasted_as_they_stand(invoke, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    shown = invoke(*([name] if name else []), "--help").output
    pasted = _examples(ALL, shown)
    assert pasted
    for program, *words in pasted:
        assert program in {"sdrrl-data", "sbatch"}
        if program == "sdrrl-data":
            command = ALL.commands[words[0]]
            with command.make_context(words[0], words[1:]) as context:  # raises where an option is not one
                assert not context.args


def test_help_has_words_for_values_and_no_types(invoke):
    for name in ("", *ALL.commands):
        shown = invoke(*name.split(), "--help").output
        assert not re.search(r"<(str|path|int|float|bool|list.*)>| \[[a-z]+\]\n", shown), name


def test_version(invoke):
    result = invoke("--version")
    assert result.exit_code == 0
    name, number = result.output.split()
    assert name == "sdrrl-data"
    assert number[0].isdigit()


@pytest.mark.parametrize(
    "words",
    [
        *(["--help"], ["--version"], ["languages", "thai"]),
        *([command, "--help"] for command in COMMANDS),
    ],
)
def test_nothing_heavy_is_imported(words):
    script = (
        "import sys\n"
        "from sdrrl_data.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, env=os.environ, check=True
    )
    loaded = set(done.stderr.split())
    assert "typer" in loaded
    assert not loaded & HEAVY
    if not set(words) & {*COMMANDS, "languages"}:  # to read a command's options, Typer itself takes pydantic
        assert "pydantic" not in loaded


MISTYPED = ["generate", "--recipe", "quickstart", "--dry-run", "--set"]


@pytest.mark.parametrize("words", [[*MISTYPED, "generater.max_tokens=3"], [*MISTYPED, "limit=many"]])
def test_a_wrong_key_is_refused_before_a_step_is_imported(words):
    script = "import sys\nfrom sdrrl_data.cli import main\ntry:\n    main()\nfinally:\n    print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    loaded = set(done.stdout.split())
    assert "sdrrl_data.recipe" in loaded
    unneeded = {"torch", "transformers", "vllm", "datasets", "matplotlib", "sdrrl_data.steps.step"}
    assert not loaded & unneeded


def test_a_paragraph_of_the_help_is_not_broken_where_the_docstring_is():
    done = subprocess.run(
        [sys.executable, "-c", "from sdrrl_data.cli import main; main()", "tune", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert "it is a percentile. Both" in done.stdout
