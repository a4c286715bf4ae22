"""Rows a second that pass from seeds to answers, and on to the transfer set, when no model makes them wait.

The generator returns a sentence at once, the translator the sentence with other letters. Everything else is as in a
real run: Parquet parts, journals, sentences, verdicts, mixing, the card. One core. Scorers and code-switching are off,
and on in a second run with fewer rows.
"""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from benchmarks._at_once import ALONE, DATA, models
from benchmarks._report import report, sized, versions
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run

ROWS, SWITCHED_ROWS, PART_ROWS = sized((20_000, 2_000, 1_000), (200, 100, 100))


def main() -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    answers = [row["output"].partition(". ")[0] for row in rows]
    used = versions("polars", "icu4py", "numpy")
    characters = sum(map(len, answers)) / len(answers)
    print(f"Answers of {characters:.0f} characters on average; one core, {used}")
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds.jsonl"
        texts = [row["instruction"] for row in rows]
        lines = (json.dumps({"question": f"{texts[n % len(texts)]} ({n})"}) for n in range(ROWS))
        seeds.write_text("\n".join(lines), encoding="utf-8")
        run = Run(Path(folder) / "run")
        took = measured({"seeds.source": str(seeds)} | ALONE, run, answers)
        report(f"{ROWS:,} rows, seeds to transfer set", f"{ROWS / took:,.0f} rows/s", used)
        for step, seconds in timings(run).items():
            print(f"    {step:34}{ROWS / seconds:8,.0f} rows/s")
        print(f"    {'reading seeds, mixing, card':34}{ROWS / (took - sum(timings(run).values())):8,.0f} rows/s")
        again = time.perf_counter()
        measured({"seeds.source": str(seeds)} | ALONE, run, answers)
        report("a second time, nothing to do", f"{ROWS / (time.perf_counter() - again):,.0f} rows/s", used)
        changes = {"scorers": ["length", "repetition"], "thresholds": {}, "limit": SWITCHED_ROWS}
        run = Run(Path(folder) / "switched")
        took = measured({"seeds.source": str(seeds)} | changes, run, answers)
        report(f"{SWITCHED_ROWS:,} rows, with code-switching and scorers", f"{SWITCHED_ROWS / took:,.0f} rows/s", used)
        for step, seconds in timings(run).items():
            print(f"    {step:34}{SWITCHED_ROWS / seconds:8,.0f} rows/s")


def measured(changes: dict[str, Any], run: Run, answers: Sequence[str]) -> float:
    recipe = loading.load("sdrrl", {"part_rows": PART_ROWS, "tgt": ["pt"], "parallel": None} | changes)
    start = time.perf_counter()
    generate(recipe, run.path, models(answers))
    return time.perf_counter() - start


def timings(run: Run) -> dict[str, float]:
    """Seconds of each step."""
    seconds: dict[str, float] = {}
    for step, took in run.timings().select("step", "seconds").iter_rows():
        seconds[step] = seconds.get(step, 0) + took
    return {step: took for step, took in seconds.items() if not step.endswith("prompts")}


if __name__ == "__main__":
    main()
