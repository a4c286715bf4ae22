"""The rows of all kinds of faults, and a process that tries some."""

import importlib
import json
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


def results_of(root: Path) -> list[Result]:
    """The results of a process so far; the last one is that of the try that it is at, should the process end itself."""
    lines = _file(root).read_text("utf-8").splitlines() if _file(root).exists() else []
    results = [Result(*json.loads(line)) for line in lines]
    by_try = {(result.row, result.number): result for result in results}
    return list(by_try.values())


def tries(chosen: Iterable[tuple[str, int]], seed: int, root: Path, until: float) -> None:
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
    with OPEN, _file(root).open("a", encoding="utf-8", buffering=1) as file:
        for name, number in chosen:
            if time.time() > until:
                break
            print(json.dumps(Result(name, number, 1, "tracebacks", "it ended the process")), file=file)
            result = attempt(name, everything[name], seed, number, root)
            if result.wrong:
                print(f"{name}: {result.wrong}: {result.detail}\n  {again(name, seed, number)}\n", flush=True)
            print(json.dumps(result._replace(detail="")), file=file)


def _file(root: Path) -> Path:
    return root.with_suffix(".results")
