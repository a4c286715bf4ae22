"""Verdicts over one million seeds: seconds of CPU time and memory, with the report of the filters.

Each seed has a question and an answer with 20 scores each. The scores are drawn at random, and 3 in 100 are missing;
each of the 20 filters fails about 1 in 100 texts. The bounds are numbers, or percentiles of the scores of the run. One
core; each case has a process of its own, which reads the scores from the disk and judges them in parts, as a run does.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np
import polars as pl

from benchmarks._report import report, sized, versions
from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.steps import filter_report, verdicts

ROWS, PART_ROWS = sized(1_000_000, 2_000), 512
SCORES = [f"src_score_{number}" if number % 4 == 0 else f"score_{number}" for number in range(20)]
CASES = {
    "numbers": ThresholdConfig(min=0.01),
    "percentiles": ThresholdConfig(min="1%"),
    "numbers, half weight": ThresholdConfig(min=0.01, weight=0.5),
}


def main() -> None:
    used = versions("polars", "numpy")
    print(f"One core, {used}")
    print(f"{ROWS:,} seeds, {len(SCORES)} scores of each question and each answer")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "scores.parquet"
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            pool.submit(write, path).result()
        for case in CASES:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                described, seconds, mebibytes = pool.submit(judge, path, case).result()
            print(described)
            report(f"{ROWS:,} seeds, {case}: verdicts and report", f"{seconds:.2f} s", used, "10 s")
            report(f"{ROWS:,} seeds, {case}: memory at most", f"{mebibytes:.0f} MiB", used, "1024 MiB")


def write(path: Path) -> None:
    """Scores by columns, as `steps.scores` lays them out."""
    drawn = np.random.default_rng(0)
    columns = {"id": pl.Series([f"{number:016x}" for number in range(ROWS)])}
    for text in ("question", "answer"):
        for score in SCORES:
            values, missing = drawn.random(ROWS), drawn.random(ROWS) < 0.03
            columns[f"{text}_{score}"] = pl.Series(np.where(missing, np.nan, values)).fill_nan(None)
    pl.DataFrame(columns).write_parquet(path)


def judge(path: Path, case: str) -> tuple[str, float, float]:
    """A line that describes all, seconds of CPU time without reading, and MiB at the peak."""
    start, base = time.process_time(), peak()
    scores = pl.read_parquet(path)
    reading, held = time.process_time() - start, peak()
    cuts = verdicts.cuts(dict.fromkeys(SCORES, CASES[case]), scores)
    judged = pl.concat([verdicts.judge(part, cuts) for part in scores.iter_slices(PART_ROWS)])
    judging, most = time.process_time() - start - reading, peak()
    filters = filter_report.report(judged)
    together = filter_report.removed(judged)["tgt->tgt"]
    reporting = time.process_time() - start - reading - judging
    assert len(filters) == len(SCORES)
    described = (
        f"{case:22} read {reading:5.2f} s, verdicts {judging:5.2f} s, report {reporting:5.2f} s; memory at most "
        f"{base:.0f} MiB before, {held:.0f} with the scores, {most:.0f} with the verdicts, "
        f"{peak():.0f} with the report; {judged['failures'].list.len().sum():,} failures, "
        f"{together:,} of tgt->tgt removed"
    )
    return described, judging + reporting, peak()


def peak() -> float:
    """MiB that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
