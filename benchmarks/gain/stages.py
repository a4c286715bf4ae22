"""The stages of the experiment: commands of sdrrl-data as they are typed."""

import math
import shlex
import subprocess
import sys
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks.gain.experiment import (
    ARMS,
    HERE,
    MODEL,
    NEUTRAL,
    PAIRS,
    ROOT,
    SEEDS,
    SRC,
    TGT,
    Experiment,
    Training,
)
from sdrrl_data.run import Run

ADAPTER = "lora={rank: 16, alpha: 32, dropout: 0}"  # one epoch; and drawing it takes a fifth of the time on a CPU
AT_ONCE = 4  # preferences of a step


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
    words += ["--set", f"seeds.source={SEEDS}", "--set", f"parallel.source={PAIRS}"]
    words += ["--limit", f"{own.questions}", "--set", f"generator.engine={own.engine}", "--out", f"{own.run}"]
    yield Work(words, manifest is not None and manifest.state == "finished")


def controls(own: Experiment) -> Iterator[Work]:
    """The rows of all arms, cut to as many tokens of completions."""
    done = (own.run / TGT / "controls.json").is_file()  # only while all of them are whole
    yield Work(["controls", f"{own.run}", "--tgt", TGT, "--only", ",".join(ARMS)], done)


def train(own: Experiment) -> Iterator[Work]:
    """Every arm with every seed."""
    for training in own.trainings():
        words = _training(own, training)
        words += ["--set", f"epochs={own.epochs}", "--set", f"batch_size={_batch(own, training)}", "--set", ADAPTER]
        yield Work(words, own.trained(training))


def prefer(own: Experiment) -> Iterator[Work]:
    """The best of our arms, trained on so that answers in the language of the question are preferred.

    With the learning rate of the arms: in so few steps that of ORPO, a quarter of it, would hardly change anything.
    """
    for training in own.trainings_on_preferences():
        assert training.start
        words = [*_training(own, training), "--objective", "orpo"]
        words += ["--adapter", f"{own.model(training.start)}"]
        words += ["--set", f"max_steps={own.preferring}", "--set", f"batch_size={AT_ONCE}"]
        yield Work(words, own.trained(training))


def evaluate(own: Experiment) -> Iterator[Work]:
    """All models on the same items. What is measured of a model is kept, so this goes on where it was stopped."""
    trainings = [*own.trainings(), *own.trainings_on_preferences()]
    tuned = ",".join(str(own.model(training)) for training in trainings if own.trained(training))
    words = ["evaluate", "--base", MODEL, "--tuned", tuned, "--src", SRC, "--tgt", TGT, "--questions", f"{own.run}"]
    words += ["--parallel", f"{NEUTRAL[SRC]},{NEUTRAL[TGT]}", "--limit", f"{own.items}"]
    words += ["--max-tokens", f"{own.max_tokens}", "--engine", own.engine, "--out", f"{own.evaluation}"]
    yield Work(words)


def rows_of(own: Experiment, training: Training) -> pl.DataFrame | None:
    """What a model is trained on; None where that is not made yet."""
    files = sorted(glob(own.rows(training)))
    return pl.concat([pl.read_parquet(file) for file in files]) if files else None


def _training(own: Experiment, training: Training) -> list[str]:
    words = ["train", own.rows(training), "--model", MODEL, "--out", f"{own.model(training)}", "--resume"]
    return [*words, "--settings", f"{HERE / 'training.yaml'}", "--set", f"seed={training.seed}"]


def _batch(own: Experiment, training: Training) -> int:
    """So many rows that all arms take as many steps, however long their rows are."""
    rows = rows_of(own, training)
    return math.ceil((0 if rows is None else rows.height) * own.epochs / own.steps)
