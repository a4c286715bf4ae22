"""Rows a second and peak memory of each step of a run for two targets and of its page, as runs get ten times as long.

The generator returns a sentence at once, the translator each text with other letters, so that what is measured is
everything else: reading seeds, parts, journals, verdicts, counting, mixing, writing, the card. Each run is made by two
processes, of which one plans and finishes it. A step lasts from the first of its parts to the last one, whoever makes
them; its peak is the largest resident memory of a process. `--seeds` names other sizes, `--write` writes
flat_memory.md and flat_memory.png beside this file.
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
from sdrrl_data.pipeline.worker import work
from sdrrl_data.protocols import Ingredient, Silent
from sdrrl_data.recipe import loading
from sdrrl_data.report.page import page
from sdrrl_data.run import opened
from sdrrl_data.steps.model_pool import Models

SIZES = sized((10_000, 100_000), (50, 100))
TARGETS = ("pt", "id")
PROMISED = 1_500  # MB
RUN, PAGE, WAITING = "run", "page", "waiting"
PAGE_SECONDS, PAGE_MEMORY, PAGE_SIZE = 20, 1_000, 3.0  # what is promised of it; the last two in MB


class WholeTexts(Cipher):
    """Takes texts as they are, so that they are not cut into sentences, which would be most of the time."""

    whole_texts = True


class Meter(Silent):
    """Notes when each step begins and ends, and its peak memory."""

    def __init__(self, first: str) -> None:
        self.steps: list[dict[str, Any]] = []
        self._begin(first, 0)

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        self.end()
        self._begin(what, total)

    def end(self) -> None:
        """The last step has ended."""
        self.steps.append(self._step | {"ended": time.time(), "peak": peak()})

    def _begin(self, name: str, rows: int) -> None:
        self._step: dict[str, Any] = {"step": name, "rows": rows, "began": time.time()}
        forget_peak()


def peak() -> int:
    """The most memory since the peak was forgotten, in MB."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 // 10**6 for line in lines if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Measure the peak from here on."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def seed_file(seeds: int, folder: Path) -> Path:
    """Questions, all of them different."""
    texts = [row["instruction"] for row in rows()]
    path = folder / "seeds.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(seeds):
            file.write(json.dumps({"question": f"{texts[number % len(texts)]} ({number})"}) + "\n")
    return path


def rows() -> list[dict[str, str]]:
    """Real questions and answers."""
    return [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]


def models() -> Models:
    """A generator and translators that return at once."""
    answers = [row["output"].partition(". ")[0] for row in rows()]
    return Models(
        identify_generator=lambda settings: Ingredient("generator", "AtOnce", "1", None),
        build_generator=lambda settings: AtOnce(answers),
        identify_translator=lambda settings, src, tgt, generator: Ingredient("translator", "Cipher", "1", None),
        build_translator=lambda settings, src, tgt, generator, seed: WholeTexts(),
    )


def begin(seeds: int, folder: Path) -> None:
    """Make a run, as the process that plans and finishes it; print its steps as JSON."""
    changes = {"tgt": list(TARGETS), "parallel": None, "seeds.source": str(seed_file(seeds, folder))} | ALONE
    meter = Meter("plan")
    generate(loading.load("sdrrl", changes), folder / RUN, models(), meter)
    run, manifest = opened(folder / RUN)
    meter.start(PAGE, sum(sum(target.rows.values()) for target in manifest.counts.targets.values()), 0)
    size = len(page(run, manifest).encode()) / 1e6
    meter.end()
    meter.steps[-1]["size"] = size
    print(json.dumps(meter.steps))


def assist(folder: Path) -> None:
    """Make parts of the run that another process makes; print its steps as JSON."""
    while not (folder / RUN / "manifest.json").exists():
        time.sleep(0.1)
    meter = Meter(WAITING)
    work(folder / RUN, models(), meter)
    meter.end()
    print(json.dumps(meter.steps))


def measured(seeds: int) -> tuple[list[dict[str, Any]], int]:
    """The steps of one run, made by two processes; and the sum of what each had in memory at most, in MB."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "benchmarks.flat_memory", "--folder", name]
        both = [
            subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
            for arguments in (["--begin", str(seeds)], ["--assist"])
        ]
        steps = [json.loads(process.communicate()[0].splitlines()[-1]) for process in both]
    return together(*steps), sum(max(step["peak"] for step in of_process) for of_process in steps)


def together(beginning: Sequence[dict[str, Any]], assisting: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps of both processes, in the order in which they began.

    A process goes through a step again where it found parts of it that others had left.
    """
    merged: dict[str, dict[str, Any]] = {}
    for steps in (beginning, assisting):
        for step in steps:
            known = merged.setdefault(step["step"], dict(step))
            known["began"] = min(known["began"], step["began"])
            known["ended"] = max(known["ended"], step["ended"])
            known["rows"] = max(known["rows"], step["rows"])
            known["peak"] = max(known["peak"], step["peak"])
    del merged[WAITING]
    in_order = sorted(merged.values(), key=lambda step: step["began"])
    return [step | {"seconds": step["ended"] - step["began"]} for step in in_order]


def show(seeds: int, steps: Sequence[dict[str, Any]], most: int) -> None:
    """Print and report the figures of one run."""
    used = versions("polars", "numpy")
    of_page, speed_of_run = steps[-1], len(TARGETS) * seeds / seconds_of_run(steps)
    report(f"{seeds:,} seeds x {len(TARGETS)} targets", f"{speed_of_run:,.0f} rows/s", used)
    what = f"{seeds:,} seeds x {len(TARGETS)} targets: memory of both processes"
    report(what, f"{most:,} MB", used, f"{PROMISED:,} MB")
    what = f"a page of {of_page['rows']:,} rows"
    report(what, f"{of_page['seconds']:.1f} s", used, f"{PAGE_SECONDS} s")
    report(f"{what}: memory at most", f"{of_page['peak']:,} MB", used, f"{PAGE_MEMORY:,} MB")
    report(f"{what}: its size", f"{of_page['size']:.1f} MB", used, f"{PAGE_SIZE} MB")
    for step in steps:
        print(f"    {step['step']:34} {speed(step):>16} {step['seconds']:9,.1f} s {step['peak']:7,} MB", flush=True)


def seconds_of_run(steps: Sequence[dict[str, Any]]) -> float:
    """Until its page, which is the last step, was begun."""
    return float(steps[-1]["began"] - steps[0]["began"])


def speed(step: dict[str, Any]) -> str:
    """Rows a second; the seconds of a step whose rows are not counted."""
    return f"{step['rows'] / step['seconds']:,.0f} rows/s" if step["rows"] > 1 else f"{step['seconds']:,.1f} s"


def write(runs: Mapping[int, tuple[Sequence[dict[str, Any]], int]]) -> None:
    """A table of all steps, and a plot of the peak and the seconds over the seeds."""
    from matplotlib.figure import Figure

    sizes = list(runs)
    head = ["step", *(f"{seeds:,} seeds: speed | seconds | peak, MB" for seeds in sizes)]
    lines = ["# Memory of long runs", "", f"Two targets, two processes. {hardware()}", "", f"| {' | '.join(head)} |"]
    lines.append("|---" * (1 + 3 * len(sizes)) + "|")
    by_name = [{step["step"]: step for step in steps} for steps, _ in runs.values()]
    for name in by_name[0]:
        of_sizes = [steps[name] for steps in by_name]
        cells = [f"{speed(step)} | {step['seconds']:,.1f} | {step['peak']:,}" for step in of_sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    figure = Figure((8, 3.5), layout="constrained")
    peaks = [most for _, most in runs.values()]
    seconds = [seconds_of_run(steps) for steps, _ in runs.values()]
    cells = [f" | {took:,.1f} | {most:,}" for took, most in zip(seconds, peaks, strict=True)]
    lines.append(f"| the whole run, both processes | {' | '.join(cells)} |")
    for place, (values, label) in enumerate(((peaks, "peak memory of both processes (MB)"), (seconds, "seconds")), 1):
        axes = figure.add_subplot(1, 2, place)
        axes.plot(sizes, values, marker="o")
        axes.set(xlabel="seeds", ylabel=label, ylim=(0, None))
    figure.savefig(Path(__file__).with_suffix(".png"))
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=SIZES)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folder", type=Path, help="of a run, for the process that begins it or that assists")
    parser.add_argument("--begin", type=int, metavar="SEEDS")
    parser.add_argument("--assist", action="store_true")
    arguments = parser.parse_args()
    if arguments.begin:
        begin(arguments.begin, arguments.folder)
    elif arguments.assist:
        assist(arguments.folder)
    else:
        runs = {}
        for seeds in arguments.seeds:
            runs[seeds] = measured(seeds)
            show(seeds, *runs[seeds])
        if arguments.write:
            write(runs)


if __name__ == "__main__":
    main()
