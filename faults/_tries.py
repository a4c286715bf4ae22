"""What a try is, and what can be wrong after it."""

import os
import random
import shlex
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.errors import UserError

WRONG = ("differing", "not resumable", "leftovers", "tracebacks", "hangs")
SECONDS = 180  # that a command may take, on a machine that does other things, too; an input of a few KB a third of it
# What a finished run may have in another form than an undisturbed one: nobody's rows, and no figure of the card.
# Patterns of names.
LEFT_OUT = {
    "timings*.jsonl": "how long each part took, of each process",
    "trainer_state.json": "in a checkpoint, what transformers notes of its training, with its speed",
    "training_args.bin": "in a checkpoint, with where the training went on from",
    "unused": "earlier states of a run, whose number depends on when it was stopped",
}
OPEN = ExitStack()  # what the tries of a process have opened, and is closed after the last


class Wrong(Exception):
    """What a try has shown.

    Args:
        kind: one of `WRONG`.
        detail: what happened, in a line or two.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


Draw = random.Random


class Row(NamedTuple):
    """A row of the table: one kind of fault for one thing."""

    attempt: Callable[[Draw, Path], int]  # in a folder of its own; returns how many faults were tried in it
    full: int  # tries of the long form
    short: int  # tries of the short form


class Result(NamedTuple):
    row: str
    number: int
    tried: int
    wrong: str = ""
    detail: str = ""
    seconds: float = 0.0


def is_short() -> bool:
    """Whether this is the short form: the environment variable FAULTS is "short"."""
    return os.environ.get("FAULTS") == "short"


def again(name: str, seed: int, number: int) -> str:
    """The command that does one try again."""
    return shlex.join(
        ["python", "-m", "faults", name, "--seed", str(seed), "--only", str(number)] + ["--short"] * is_short()
    )


def attempt(name: str, row: Row, seed: int, number: int, folder: Path) -> Result:
    """One try, which the seed and its number make the same every time."""
    begun = time.monotonic()
    try:
        result = Result(name, number, row.attempt(Draw(f"{seed}/{name}/{number}"), folder))
    except Wrong as wrong:
        result = Result(name, number, 1, wrong.kind, wrong.detail)
    except Exception:
        result = Result(name, number, 1, "tracebacks", traceback.format_exc())
    return result._replace(seconds=time.monotonic() - begun)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder with their bytes, without those that may differ."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            fnmatchcase(part, name) for part in path.relative_to(folder).parts for name in LEFT_OUT
        ):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def now_below(folder: Path, pattern: str) -> list[Path]:
    """The files of this name below a folder, in which others create and remove files and folders at this moment."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names if fnmatchcase(name, pattern)]


def compare(after: dict[str, bytes], undisturbed: dict[str, bytes]) -> None:
    """Refuse what is not as it is without a fault."""
    if more := sorted(after.keys() - undisturbed.keys()):
        raise Wrong("leftovers", ", ".join(more))
    if other := sorted(name for name in undisturbed if after.get(name) != undisturbed[name]):
        raise Wrong("differing", ", ".join(f"{name}{'' if name in after else ' (is gone)'}" for name in other))


@contextmanager
def one_sentence(seconds: float = SECONDS / 3) -> Iterator[None]:
    """What is wrong with an input is said by a `UserError`, and soon."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} seconds")

    usual = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except UserError as error:
        if len(str(error).splitlines()) > 2 or len(str(error)) > 500:
            raise Wrong("tracebacks", f"a message of {len(str(error))} characters: {error}") from None
    except TimeoutError as error:
        raise Wrong("hangs", str(error)) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
