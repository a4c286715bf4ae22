"""What all benchmarks share: their size, the versions they ran with, and the table that their figures go to."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

Size = TypeVar("Size")


def sized(full: Size, short: Size) -> Size:
    """`short` where the environment variable BENCH is "short", as in the tests, else `full`."""
    return short if os.environ.get("BENCH") == "short" else full


def versions(*packages: str) -> str:
    """Python and those of the packages that are installed, each with its version."""
    names = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            names.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(names)


def report(compared: str, value: float | str, versions: str, wanted: str = "") -> None:
    """Print one figure. Where BENCH_TABLE names a file, append the figure to it as a line of JSON."""
    text = value if isinstance(value, str) else f"{value:.2f}"
    print(f"{compared:60} {text:>10}" + (f" (wanted: {wanted})" if wanted else ""), flush=True)
    if table := os.environ.get("BENCH_TABLE"):
        row = {"compared": compared, "value": text, "wanted": wanted, "versions": versions}
        with Path(table).open("a", encoding="utf-8") as file:
            print(json.dumps(row, ensure_ascii=False), file=file)
