"""`sdrrl-data train` as it is typed."""

import shlex
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from sdrrl_data.cli import train as command
from sdrrl_data.errors import UserError

SMALL = ["--set", "batch_size=8", "--set", "samples=0", "--set", "learning_rate=0.01"]


def call(*words: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command.train)
    return CliRunner().invoke(app, words)


def test_it_trains_and_shows_the_losses(dataset: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call(str(dataset), "--model", str(model), "--out", str(out), *SMALL, "--set", "max_steps=3")
    assert result.exit_code == 0, result.output
    assert "tiny-llama on set (steps: 3)" in result.stderr
    assert [line.split(":")[0] for line in result.stderr.splitlines() if line.startswith("step ")] == [
        "step 1/3", "step 2/3", "step 3/3",
    ]  # fmt: skip
    assert "tokens/s" in result.stderr
    content = yaml.safe_load((out / "training.yaml").read_text(encoding="utf-8"))
    shown = {kind: float(after) for kind, _, after in map(str.split, result.stdout.splitlines()[1:8])}
    assert shown == {kind: pytest.approx(own["loss"], abs=1e-4) for kind, own in content["losses"]["after"].items()}
    assert f"written    {out} (after step 3 of 3)" in result.stdout


def test_a_dry_run_writes_nothing(dataset: Path, model: Path, tmp_path: Path) -> None:
    words = [*SMALL, "--set", "weights.translate=0.5", "--set", "epochs=2", "--set", "max_length=46", "--dry-run"]
    result = call(str(dataset), "--model", str(model), "--out", str(tmp_path / "out"), *words)
    assert result.exit_code == 0, result.output
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in result.stdout.splitlines() if "->" in line}
    assert rows["answer", "pt->pt"] == ["25", "50"]
    assert rows["translate", "en->pt"] == ["25", "25"]
    assert "rows left out: longer than 46 tokens" in result.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["batch_size=63", "max_steps=12"], "steps      2 of 63 rows"),
        (["batch_size=63", "patience=1"], "steps      at most 2 of 63 rows"),
        (["batch_size=1000", "packing=true"], "steps      1 of 1,000 packs"),
    ],
)
def test_a_dry_run_shows_the_steps_that_would_be_done(
    dataset: Path, model: Path, tmp_path: Path, settings: list[str], says: str
) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    result = call(str(dataset), "--model", str(model), "--out", str(tmp_path / "out"), *words, "--dry-run")
    assert says in result.stdout.splitlines()


@pytest.mark.parametrize("kind", ["ddp", "fsdp", "deepspeed"])
def test_it_prints_the_command_for_several_gpus(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    words = ["runs/real", "--model", "org/base", "--out", "my models/vi", "--set", "epochs=2"]
    monkeypatch.setattr("sys.argv", ["sdrrl-data", "train", *words, "--accelerate", kind])
    result = call(*words, "--accelerate", kind)
    launcher, found = shlex.split(result.stdout)[:4], shlex.split(result.stdout)[6:]
    assert launcher[:3] == ["accelerate", "launch", "--config_file"]
    assert found == ["--no_python", "sdrrl-data", "train", *words]
    configuration = yaml.safe_load(Path(launcher[3]).read_text(encoding="utf-8"))
    assert configuration["distributed_type"] == {"ddp": "MULTI_GPU"}.get(kind, kind.upper())


@pytest.mark.parametrize("kind", ["ddp", "fsdp", "deepspeed"])
def test_accelerate_knows_the_configurations(kind: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    path = Path(command.__file__).parents[1] / f"sdrrl_data/training/launch/{kind}.yaml"
    assert load_config_from_file(str(path)).num_machines == 1


def test_mistakes_are_sentences(dataset: Path, model: Path, tmp_path: Path) -> None:
    result = call(str(dataset), "--model", str(model), "--out", str(tmp_path), "--set", "method=dora")
    assert isinstance(result.exception, UserError)
    assert "give lora, qlora or full" in str(result.exception)
