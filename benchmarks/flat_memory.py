"""Rows a second and peak memory of each step of a run for two targets and of its page, as runs get ten times as long.

The generator returns a sentence at once, the translator each text with other letters, so that what is measured is
everything else: reading seeds, parts, journals, verdicts, counting, mixing, writing, the card. Each run is a process
of its own on one core; the peak is its largest resident memory in each step. `--seeds` names other sizes, `--write`
writes flat_memory.md and flat_memory.png beside this file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("POLARS_MAX_THREADS", "2")

from benchmarks.__main__ import hardware
from benchmarks._at_once import ALONE, DATA, AtOnce, Cipher
from benchmarks._report import report, sized, versions
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Ingredient, Silent
from sdrrl_data.recipe import loading
from sdrrl_data.report.page import page
from sdrrl_data.run import opened
from sdrrl_data.steps.model_pool import Models

SIZES = sized((10_000, 100_000), (50, 100))
TARGETS = ("pt", "id")
PROMISED = 1_500  # MB
PAGE = "page"
PAGE_SECONDS, PAGE_MEMORY, PAGE_SIZE = 20, 1_000, 3.0  # what is promised of it; the last two in MB


class WholeTexts(Cipher):
    """Takes texts as they are, so that they are not cut into sentences, which would be most of the time."""

    whole_texts = True


class Meter(Silent):
    """Notes seconds and peak memory of each step."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self._begin("plan", 0)

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        self.end()
        self._begin(what, total - done)

    def end(self) -> None:
        """The last step has ended."""
        self._step |= {"seconds": time.perf_counter() - self._since, "peak": peak()}
        self.steps.append(self._step)

    def _begin(self, name: str, rows: int) -> None:
        self._step: dict[str, Any] = {"step": name, "rows": rows}
        self._since = time.perf_counter()
        forget_peak()


def peak() -> int:
    """The most memory since the peak was forgotten, in MB."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 // 10**6 for line in lines if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Measure the peak from here on."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def measure(seeds: int, folder: Path) -> None:
    """Make one run in this process, and print its steps as JSON."""
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    answers = [row["output"].partition(". ")[0] for row in rows]
    texts = [row["instruction"] for row in rows]
    path = folder / "seeds.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(seeds):
            file.write(json.dumps({"question": f"{texts[number % len(texts)]} ({number})"}) + "\n")
    changes = {"tgt": list(TARGETS), "parallel": None, "seeds.source": str(path)} | ALONE
    recipe = loading.load("sdrrl", changes)
    meter = Meter()
    models = Models(
        identify_generator=lambda settings: Ingredient("generator", "AtOnce", "1", None),
        build_generator=lambda settings: AtOnce(answers),
        identify_translator=lambda settings, src, tgt, generator: Ingredient("translator", "Cipher", "1", None),
        build_translator=lambda settings, src, tgt, generator, seed: WholeTexts(),
    )
    generate(recipe, folder / "run", models, meter)
    run, manifest = opened(folder / "run")
    meter.start(PAGE, sum(sum(target.rows.values()) for target in manifest.counts.targets.values()), 0)
    size = len(page(run, manifest).encode()) / 1e6
    meter.end()
    meter.steps[-1]["size"] = size
    print(json.dumps(meter.steps))


def measured(seeds: int) -> list[dict[str, Any]]:
    """The steps of one run, made in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.flat_memory", "--measure", str(seeds), folder]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        steps: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return steps


def show(seeds: int, steps: Sequence[dict[str, Any]]) -> None:
    """Print and report the figures of one run."""
    used = versions("polars", "numpy")
    *of_run, of_page = steps
    seconds, most = sum(step["seconds"] for step in of_run), max(step["peak"] for step in of_run)
    report(f"{seeds:,} seeds x {len(TARGETS)} targets", f"{len(TARGETS) * seeds / seconds:,.0f} rows/s", used)
    report(f"{seeds:,} seeds x {len(TARGETS)} targets: memory at most", f"{most:,} MB", used, f"{PROMISED:,} MB")
    what = f"a page of {of_page['rows']:,} rows"
    report(what, f"{of_page['seconds']:.1f} s", used, f"{PAGE_SECONDS} s")
    report(f"{what}: memory at most", f"{of_page['peak']:,} MB", used, f"{PAGE_MEMORY:,} MB")
    report(f"{what}: its size", f"{of_page['size']:.1f} MB", used, f"{PAGE_SIZE} MB")
    for step in steps:
        print(f"    {step['step']:34} {speed(step):>16} {step['seconds']:9,.1f} s {step['peak']:7,} MB", flush=True)


def speed(step: dict[str, Any]) -> str:
    """Rows a second; the seconds of a step whose rows are not counted."""
    return f"{step['rows'] / step['seconds']:,.0f} rows/s" if step["rows"] > 1 else f"{step['seconds']:,.1f} s"


def write(runs: Mapping[int, Sequence[dict[str, Any]]]) -> None:
    """A table of all steps, and a plot of the peak and the seconds over the seeds."""
    from matplotlib.figure import Figure

    sizes = list(runs)
    head = ["step", *(f"{seeds:,} seeds: speed | peak, MB" for seeds in sizes)]
    lines = ["# Memory of long runs", "", f"Two targets. {hardware()}", "", f"| {' | '.join(head)} |"]
    lines.append("|---" * (1 + 2 * len(sizes)) + "|")
    for steps in zip(*runs.values(), strict=True):
        cells = [f"{speed(step)} | {step['peak']:,}" for step in steps]
        lines.append(f"| {steps[0]['step']} | {' | '.join(cells)} |")
    figure = Figure((8, 3.5), layout="constrained")
    peaks = [max(step["peak"] for step in steps) for steps in runs.values()]
    seconds = [sum(step["seconds"] for step in steps) for steps in runs.values()]
    for place, (values, label) in enumerate(((peaks, "peak memory (MB)"), (seconds, "seconds")), 1):
        axes = figure.add_subplot(1, 2, place)
        axes.plot(sizes, values, marker="o")
        axes.set(xlabel="seeds", ylabel=label, ylim=(0, None))
    figure.savefig(Path(__file__).with_suffix(".png"))
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=SIZES)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--measure", nargs=2, metavar=("SEEDS", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.measure:
        measure(int(arguments.measure[0]), Path(arguments.measure[1]))
        return
    runs = {}
    for seeds in arguments.seeds:
        runs[seeds] = measured(seeds)
        show(seeds, runs[seeds])
    if arguments.write:
        write(runs)


if __name__ == "__main__":
    main()
