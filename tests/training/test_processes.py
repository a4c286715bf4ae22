"""`sdrrl-data train` in processes of its own: stopped by Ctrl-C, and two that share the work."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from sdrrl_data.training import launching
from sdrrl_data.training.train import train

pytestmark = pytest.mark.long

SETTINGS = {
    "batch_size": 8,
    "at_once": 4,  # other sizes add up in another order, which Adam makes some 1e-5 of
    "samples": 0,
    "learning_rate": 0.02,
    "lora.dropout": 0.0,  # each process would draw its own
    "max_steps": 6,
    "save_every": 2,
    "evaluate_every": 6,
    "precision": "float32",
}
BIN = Path(sys.executable).parent
ENVIRONMENT = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "CUDA_VISIBLE_DEVICES": ""}


def arguments(dataset: Path, model: Path, out: Path, **more: int) -> list[str]:
    changes = [word for key, value in {**SETTINGS, **more}.items() for word in ("--set", f"{key}={value}")]
    return [str(dataset), "--model", str(model), "--out", str(out), *changes]


def test_ctrl_c_ends_it_with_a_sentence(dataset: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    longer = {"epochs": 1000, "max_steps": 10_000, "evaluate_every": 10_000}
    words = [str(BIN / "sdrrl-data"), "train", *arguments(dataset, model, out, **longer)]
    process = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr or ():
        said.append(line)
        if line.startswith("step "):  # the first, then one in 500
            process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert said[-1] == "stopped; the checkpoints are kept: run the same command with --resume to continue\n"
    assert not (out / "training.yaml").exists()


def test_two_processes_make_what_one_makes(dataset: Path, model: Path, tmp_path: Path) -> None:
    alone, out = tmp_path / "alone", tmp_path / "out"
    train(dataset, model, alone, changes=SETTINGS)
    launcher, *words = shlex.split(launching.command("ddp", arguments(dataset, model, out)))
    words[words.index("--num_processes") + 1] = "2"  # where there is no GPU stands N
    launched = subprocess.run([str(BIN / launcher), *words], env=ENVIRONMENT, capture_output=True, text=True)
    assert launched.returncode == 0, launched.stderr
    assert launched.stdout.count(f"written    {out} (after step 6 of 6)") == 1
    figures = yaml.safe_load((out / "training.yaml").read_text(encoding="utf-8"))["figures"]
    assert (figures["devices"], figures["rows a step"], figures["rows at once"]) == (2, 8, 4)
    one, two = (load_file(folder / "adapter_model.safetensors") for folder in (alone, out))
    assert one.keys() == two.keys()
    assert all((one[name] - two[name]).abs().max() < 1e-6 for name in one)
