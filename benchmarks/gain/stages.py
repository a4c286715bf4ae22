"""The stages of the experiment: commands of sdrrl-data as they are typed."""

import math
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks.gain.experiment import ARMS, BUDGETS, HERE, MODEL, NEUTRAL, ROOT, SRC, TGT, Experiment, Training
from sdrrl_data.run import Run


class Work(NamedTuple):
    """A command, and whether what it makes is there already."""

    words: list[str]
    done: bool = False

    def __str__(self) -> str:
        """As it is typed in the root of the repository."""
        typed = shlex.join(["sdrrl-data", *self.words])
        return typed.replace(f"{ROOT}/", "").replace(f"{ROOT.parent}/", "../")

    def carry_out(self) -> None:
        """Run it, and show what it says.

        Raises:
            subprocess.CalledProcessError: it failed, and has said why.
        """
        print(f"\n$ {self}", flush=True)
        subprocess.run([str(Path(sys.executable).with_name("sdrrl-data")), *self.words], cwd=ROOT, check=True)


def generate(own: Experiment) -> Iterator[Work]:
    """The run: answers, translations, scores, transfer set."""
    manifest = Run(own.run).manifest()
    words = ["generate", "--recipe", "quickstart", "--with", f"{HERE / 'recipe.yaml'}", "--src", SRC, "--tgt", TGT]
    words += ["--limit", f"{own.questions}", "--set", f"generator.engine={own.engine}", "--out", f"{own.run}"]
    yield Work(words, manifest is not None and manifest.state == "finished")


def controls(own: Experiment) -> Iterator[Work]:
    """The arms' rows, cut to either budget; a run holds one budget's at a time, so they are copied from it."""
    for budget in BUDGETS:
        done = own.data(budget).is_dir()
        yield Work(["controls", f"{own.run}", "--tgt", TGT, "--equal", budget, "--only", ",".join(ARMS)], done)
        if not done:
            _copy(own.run / TGT, own.data(budget), own.data(next(iter(BUDGETS))))


def train(own: Experiment) -> Iterator[Work]:
    """Every arm on either budget with every seed. No test split is given: the evaluation is not of its kind."""
    for training in own.trainings():
        data = own.data(training.budget) / training.arm
        words = ["train", f"{data}", "--model", MODEL, "--out", f"{own.model(training)}", "--resume"]
        words += ["--settings", f"{HERE / 'training.yaml'}", "--set", f"epochs={own.epochs}"]
        words += ["--set", f"batch_size={_batch(own, training)}", "--set", f"seed={training.seed}"]
        yield Work(words, own.trained(training))


def evaluate(own: Experiment) -> Iterator[Work]:
    """All models on the same items. What is measured of a model is kept, so this goes on where it was stopped."""
    tuned = ",".join(str(own.model(training)) for training in own.trainings())
    words = ["evaluate", "--base", MODEL, "--tuned", tuned, "--src", SRC, "--tgt", TGT, "--questions", f"{own.run}"]
    words += ["--parallel", f"{NEUTRAL[SRC]},{NEUTRAL[TGT]}", "--limit", f"{own.items}"]
    words += ["--max-tokens", f"{own.max_tokens}", "--engine", own.engine, "--out", f"{own.evaluation}"]
    yield Work(words)


def rows_of(own: Experiment, training: Training) -> pl.DataFrame | None:
    """What a model is trained on; None where that is not made yet."""
    return _rows(own.data(training.budget) / training.arm)


def _copy(source: Path, target: Path, first: Path) -> None:
    """Copy the train splits, but not those that are the same for the first budget; all of it or nothing."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    for arm in ARMS:
        (temporary / arm).mkdir(parents=True)
        for file in (source / f"controls-{arm}").glob("train-*.parquet"):
            shutil.copy(file, temporary / arm)
        before, now = _rows(first / arm), _rows(temporary / arm)
        if before is not None and now is not None and before.equals(now):
            shutil.rmtree(temporary / arm)
    shutil.copy(source / "controls.json", temporary)
    temporary.rename(target)


def _rows(folder: Path) -> pl.DataFrame | None:
    files = sorted(folder.glob("*.parquet"))
    return pl.concat([pl.read_parquet(file) for file in files]) if files else None


def _batch(own: Experiment, training: Training) -> int:
    """So many rows that all arms take as many steps, however long their rows are."""
    rows = rows_of(own, training)
    return math.ceil((0 if rows is None else rows.height) * own.epochs / own.steps)
