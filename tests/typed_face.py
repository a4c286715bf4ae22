"""Read by mypy alone: what a program's type checker knows of the names that `sdrrl_data` gives."""

from pathlib import Path
from typing import assert_type

import polars as pl

import sdrrl_data
from sdrrl_data import Recipe, Run, evaluate, generate, load_recipe, pull, push, train
from sdrrl_data.evaluation.results import Results
from sdrrl_data.publishing.pull import Pulled
from sdrrl_data.publishing.push import Pushed
from sdrrl_data.run import Manifest
from sdrrl_data.training.train import Trained


def program() -> None:
    """Types are the real ones, not Any."""
    recipe = assert_type(load_recipe("quickstart", {"limit": 8}), Recipe)
    assert_type(generate(recipe, Path("runs/eight")), Manifest)
    run = Run("runs/eight")
    assert_type(run.transfer_set("pt"), pl.DataFrame)
    assert_type(push(run, "me/set", public=True), Pushed)
    assert_type(pull("me/set", "runs/set", tgt="pt"), Pulled)
    assert_type(train(run, "org/model", "models/pt", tgt="pt"), Trained)
    assert_type(evaluate("org/model", "models/pt", "pt", parallel=("flores.en", "flores.pt")), Results)
    assert_type(sdrrl_data.__version__, str)
    train(run)  # type: ignore[call-arg]
    sdrrl_data.genrate  # type: ignore[attr-defined]  # noqa: B018
