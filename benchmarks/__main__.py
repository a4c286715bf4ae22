"""Run the benchmarks, each in a process of its own and without the Hub, and print their figures as one table.

`python -m benchmarks` runs all, `python -m benchmarks firefox segments` some; `--write` also writes the table to
benchmarks/results.md, where figures of others stay if they are of the same hardware. A benchmark that fails does not
stop the others; the exit code is then 1.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.md"
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
COLUMNS = ("benchmark", "compared", "value", "wanted", "versions")
OFFLINE = {"HF_HUB_OFFLINE": "1"}

Row = dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all by default: {', '.join(NAMES)}")
    parser.add_argument("--write", action="store_true", help="also write the table to benchmarks/results.md")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in NAMES]:
        parser.error(f"unknown benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    rows: list[Row] = []
    failed: list[str] = []
    for name in arguments.names or NAMES:
        print(f"\n== {name}", flush=True)
        code, figures = run(name)
        rows += figures
        if code or not figures:
            failed.append(name)
    text = page(rows, failed)
    print(f"\n{text}")
    if arguments.write:
        ran = arguments.names or NAMES
        rows += [row for row in figures_in(RESULTS) if row["benchmark"] not in ran]
        rows.sort(key=lambda row: NAMES.index(row["benchmark"]))
        RESULTS.write_text(page(rows, failed), encoding="utf-8")
    return 1 if failed else 0


def run(name: str) -> tuple[int, list[Row]]:
    """The exit code of one benchmark and the figures that it reported, also where it failed later."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.jsonl"
        environment = os.environ | OFFLINE | {"BENCH_TABLE": str(table)}
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        code = subprocess.run(command, cwd=FOLDER.parent, env=environment).returncode
        lines = table.read_text("utf-8").splitlines() if table.exists() else []
    return code, [{"benchmark": name} | json.loads(line) for line in lines]


def page(rows: list[Row], failed: list[str]) -> str:
    """The figures as a Markdown table, below the machine that they were measured on."""
    lines = ["# Benchmarks", "", hardware(), ""]
    if failed:
        lines += [f"Failed: {', '.join(failed)}.", ""]
    lines += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line([row[column] for column in COLUMNS]) for row in rows]
    return "\n".join(lines) + "\n"


def figures_in(results: Path) -> list[Row]:
    """The figures in such a table, without those of benchmarks that are gone; none if it is of other hardware."""
    lines = results.read_text("utf-8").splitlines() if results.exists() else []
    if hardware() not in lines:
        return []
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    return [row for row in rows if row["benchmark"] in NAMES]


def hardware() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{_cores()} cores of {_processor()}, {memory:.0f} GiB of memory, Python {platform.python_version()}."


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text("utf-8").splitlines() if described.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
