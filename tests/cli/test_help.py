import os
import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "datasets", "polars", "yaml", "vllm", "numpy", "huggingface_hub", "matplotlib"}
COMMANDS = (
    *("generate", "inspect", "tune", "card", "push", "pull", "export", "work", "status"),
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
