"""Every table that a run may have, made by small models, and the schema of each.

`python -m tests.steps.tables > tests/steps/schemas.json` writes the snapshot anew, after a step's version was raised.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.controls import build as controls
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import Plan, resolve
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support import small_models

SCORERS = [
    *("language", "round_trip", "length", "repetition", "overlap", "numbers", "finish", "personal", "duplicates"),
    {"kind": "contamination", "sets": ["items.txt"]},
    {"kind": "function", "name": "loudness", "function": "loudness:loudness"},
]
LOUDNESS = "def loudness(pairs):\n    return pairs['target'].str.count_matches('!')\n"


def recipe(folder: Path, **changes: Any) -> Any:
    """A recipe with every step; its files are written into `folder`, which must be the working directory."""
    questions = [f"Why do people like {what} so much in the evening?" for what in ("bread", "songs", "boats", "rain")]
    seeds = [{"instruction": question, "output": f"They like it. {question}"} for question in questions]
    (folder / "seeds.jsonl").write_text("\n".join(map(json.dumps, seeds)))
    (folder / "items.txt").write_text("Why do people like old harbours so much in the evening?\n")
    (folder / "loudness.py").write_text(LOUDNESS)
    settings = {
        "seeds": [{"source": "seeds.jsonl"}],
        "translator": ["firefox", "nllb"],
        "translations.best_by": "round_trip",
        "scorers": SCORERS,
        "thresholds": {"length": {"min": "5%"}},
        "part_rows": 2,
        "direct_answers": True,
        "answers.samples": 3,
        "preferences.rejected": ["other_language", "samples"],
    }
    return loading.load("quickstart", small_models.CHANGES | settings | changes)


def make(folder: Path) -> Plan:
    """A run in `folder`/run with every table, also those of controls; returns its plan."""
    os.chdir(folder)
    settings = recipe(folder)
    manifest = generate(settings, folder / "run", small_models.models())
    tokenizer = small_models.write_tokenizer(folder / "tokenizer")
    controls.make(Run(folder / "run"), manifest, tokenizer=str(tokenizer), models=small_models.models())
    return resolve(settings, folder / "run", small_models.models())


def schemas(run: Run) -> dict[str, dict[str, str]]:
    """The columns of every table of a run with their types: path of the table -> column -> type."""
    files = sorted(run.path.rglob("*-00000*.parquet"))
    tables = {str(path.parent.relative_to(run.path)): pl.read_parquet_schema(path) for path in files}
    return {table: {name: str(dtype) for name, dtype in schema.items()} for table, schema in sorted(tables.items())}


def snapshot(plan: Plan) -> dict[str, Any]:
    """The schema of every table, with the version of the step that makes it, if the plan has one."""
    versions = {table: job.step.version for table, job in plan.tables.jobs.items()}
    return {
        table: {"version": versions.get(table, 1), "columns": columns} for table, columns in schemas(plan.run).items()
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        json.dump(snapshot(make(Path(folder))), sys.stdout, indent=2)
        print()
