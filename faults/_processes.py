"""Commands in processes that can be killed: each is forked from one process that has imported everything."""

import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from faults._tries import SECONDS, Wrong
from sdrrl_data.errors import UserError

MARK = "SDRRL_DATA_FAULTS"  # in the environment of a try's processes, and of all that they start


class Moment(NamedTuple):
    """When a process kills itself: just before it changes the disk for the n-th time below a path."""

    changes: int
    below: str  # the beginning of a path, or a part of one


class Ended(NamedTuple):
    code: int
    said: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Started:
    """A command in a process.

    Args:
        act: what it does; can be pickled.
        folder: of the try; what it says is kept beside it.
        moment: when it kills itself, if it does.
        limit: bytes that a file may have, as a full disk.
    """

    def __init__(self, act: Callable[[], object], folder: Path, moment: Moment | None = None, limit: int = 0) -> None:
        self._said = folder.with_name(f"{folder.name}.said-{time.monotonic_ns()}")
        self._temporary = self._said.with_name(f"{self._said.name}.tmp")
        self._temporary.mkdir()
        variables = {MARK: str(self._said), "TMPDIR": str(self._temporary)}
        arguments = (act, self._said, variables, moment, limit)
        self.process: BaseProcess = _forks().Process(target=_work, args=arguments)
        self.process.start()

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()

    def end(self, seconds: float = SECONDS) -> Ended:
        """Wait for its end, and look at what it has left."""
        self.process.join(seconds)
        hangs = self.process.exitcode is None
        if hangs:
            self.process.kill()
            self.process.join()
        said = self._said.read_text("utf-8", "replace") if self._said.exists() else ""
        ended = Ended(self.process.exitcode or 0, said)
        self.process.close()
        workers = _left(str(self._said))
        temporary = [path.name for path in self._temporary.iterdir()]
        self._said.unlink(missing_ok=True)
        for path in sorted(self._temporary.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self._temporary.rmdir()
        if hangs:
            raise Wrong("hangs", f"more than {seconds} seconds: {said[-500:]}")
        if "Traceback (most recent call last)" in said or "panicked" in said:
            raise Wrong("tracebacks", said[-3000:])
        if ended.code < 0 and not ended.killed:
            raise Wrong("tracebacks", f"ended by signal {-ended.code}: {said[-500:]}")
        if workers:
            raise Wrong("leftovers", f"processes are left: {workers}")
        if temporary and not ended.killed:  # nobody can tidy up after -9 where others keep their files, too
            raise Wrong("leftovers", f"in the folder of temporary files: {temporary}")
        return ended


def run(act: Callable[[], object], folder: Path, **options: Any) -> Ended:
    """A command from its beginning to its end."""
    return Started(act, folder, **options).end()


@cache
def _forks() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults._early", "faults._commands"])
    return context


def _work(
    act: Callable[[], object], said: Path, variables: Mapping[str, str], moment: Moment | None, limit: int
) -> None:
    os.environ.update(variables)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    random.seed()
    if moment:
        sys.addaudithook(_Counter(moment))
    if limit:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    code = 0
    try:
        act()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        code = error.exit_code
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.exit(code)


class _Counter:
    def __init__(self, moment: Moment) -> None:
        self._left, self._below = moment

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if is_change(event, arguments) and self._below in str(arguments[0]):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def is_change(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an event of Python's audit hooks is a change of the disk, which its first argument names."""
    if event == "open":
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    return event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")


def _left(mark: str, seconds: float = 15) -> list[str]:
    """The processes of a try that have not ended after some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        left = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(" ".join(process.cmdline())[:200])
            except psutil.Error:
                continue
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
