"""The rows of all kinds of faults, and a process that tries some."""

import importlib
import logging
import time
from collections.abc import Iterable
from pathlib import Path

from faults._tries import OPEN, Result, Row, again, attempt

FOLDER = Path(__file__).parent
KINDS = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def rows(names: list[str]) -> dict[str, Row]:
    """The rows of these kinds or names, by "kind: name"; all if none is named."""
    kinds = [kind for kind in KINDS if not names or any(name.partition(":")[0] == kind for name in names)]
    everything = {
        f"{kind}: {name}": row for kind in kinds for name, row in importlib.import_module(f"faults.{kind}").ROWS.items()
    }
    return {name: row for name, row in everything.items() if not names or {name, name.partition(":")[0]} & {*names}}


def now_of(root: Path) -> Path:
    """The file with the command of the try that a process is at, should it end itself."""
    return root.with_suffix(".now")


def tries(chosen: Iterable[tuple[str, int]], seed: int, root: Path, until: float) -> list[Result]:
    """Some tries, one after the other, until it is too late; what is wrong is said at once.

    Args:
        chosen: names of rows, each with the number of a try.
        seed: of the tries.
        root: a folder for them.
        until: seconds since the epoch.
    """
    logging.getLogger("sdrrl_data").setLevel(logging.ERROR)
    everything = rows([name for name, _ in chosen])
    root.mkdir()
    results = []
    with OPEN:
        for name, number in chosen:
            if time.time() > until:
                break
            now_of(root).write_text(again(name, seed, number), encoding="utf-8")
            result = attempt(name, everything[name], seed, number, root)
            if result.wrong:
                print(f"{name}: {result.wrong}: {result.detail}\n  {again(name, seed, number)}\n", flush=True)
            results.append(result._replace(detail=""))
    return results
