"""Disturb the commands in every way there is, and count what that does to their results.

`python -m faults` is the long form, `--short` that of the tests; names of kinds (`kills`) or of rows ("kills: card")
take some. What is wrong is shown with the command that does the same try again. The exit code is 1 if anything is.
"""

import argparse
import datetime
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from benchmarks.__main__ import hardware
from faults._rows import FOLDER, KINDS, results_of, rows, tries
from faults._tries import LEFT_OUT, WRONG, Result, Row, again

FIRST = ("kills", "fuzzed")
COLUMNS = ("fault", "tried", *WRONG, "seconds")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all by default: {', '.join(KINDS)}")
    parser.add_argument("--short", action="store_true", help="a few tries of each kind")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other moments, places and inputs")
    parser.add_argument("--only", type=int, metavar="N", help="only the try with this number")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="after which no more tries are begun")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="also write the table to faults/results.md")
    arguments = parser.parse_args()
    selected = rows(arguments.names)
    if not selected:
        parser.error(f"unknown: {', '.join(arguments.names)}; there are {', '.join(KINDS)}")
    begun = time.monotonic()
    count = 1 if arguments.only is not None else arguments.processes
    numbers = _numbers(selected, arguments.short, arguments.only)
    until = time.time() + arguments.minutes * 60
    with tempfile.TemporaryDirectory(prefix="sdrrl-data-faults-") as root:
        os.environ |= {"FAULTS": "short" if arguments.short else "long"} | {
            "OMP_NUM_THREADS": "1",
            "POLARS_MAX_THREADS": "1",
        }
        with ProcessPoolExecutor(count, get_context("spawn")) as executor:
            parts = [(numbers[place::count], arguments.seed, Path(root, str(place)), until) for place in range(count)]
            try:
                list(executor.map(tries, *zip(*parts, strict=True)))
            except BrokenProcessPool:
                print("a process has ended itself, and the others with it, in one of these tries:")
        results = [result for _, _, folder, _ in parts for result in results_of(folder)]
        for result in results:
            if result.detail:
                print(f"  {again(result.row, arguments.seed, result.number)}")
    text = page(selected, results, arguments.seed, time.monotonic() - begun)
    print(text)
    if arguments.write:
        (FOLDER / "results.md").write_text(text, encoding="utf-8")
    return 1 if any(result.wrong for result in results) else 0


def page(selected: dict[str, Row], results: list[Result], seed: int, seconds: float) -> str:
    """The table, below the day and the machine."""
    tried, wrong, took = Counter[str](), Counter[tuple[str, str]](), dict.fromkeys(selected, 0.0)
    for result in results:
        tried[result.row] += result.tried
        wrong[result.row, result.wrong] += 1
        took[result.row] += result.seconds
    lines = ["# Faults", "", f"{datetime.date.today()}, seed {seed}, {seconds / 60:.0f} minutes on {hardware()}", ""]
    lines += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [
        _line([name, f"{tried[name]:,}", *(str(wrong[name, kind]) for kind in WRONG), f"{took[name]:,.0f}"])
        for name in selected
    ]
    total = [*(str(sum(wrong[name, kind] for name in selected)) for kind in WRONG), f"{sum(took.values()):,.0f}"]
    lines += [_line(["**all**", f"{sum(tried.values()):,}", *total]), "", "Not compared:", ""]
    lines += [f"- `{name}`: {what}" for name, what in LEFT_OUT.items()]
    return "\n".join(lines) + "\n"


def _numbers(selected: dict[str, Row], short: bool, only: int | None) -> list[tuple[str, int]]:
    """The tries of this form: rows with numbers. All go on at the same pace, but kills and inputs at twice the pace.

    So a campaign that is short of time has enough of them.
    """
    if only is not None:
        return [(name, only) for name in selected]
    counts = {name: row.short if short else row.full for name, row in selected.items()}
    return sorted(
        ((name, number) for name, count in counts.items() for number in range(count)),
        key=lambda chosen: (chosen[1] / counts[chosen[0]] * (1 if chosen[0].startswith(FIRST) else 2), chosen[0]),
    )


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
