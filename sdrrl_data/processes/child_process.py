"""A process of our own that works for the run: how it is started, spoken to and ended."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import Any


def cores() -> int:
    """How many cores the run may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def let_ctrl_c_through() -> None:
    """Have Ctrl-C end a wait at once: polars has waits go on until there is something."""
    signal.siginterrupt(signal.SIGINT, True)


class ChildProcess:
    """A fresh interpreter, not one of multiprocessing's, which would run the user's script once more.

    It prints where the run prints its errors; Ctrl-C does not reach it; it ends when the connection does.
    """

    def __init__(self, module: str) -> None:
        """Start a module; its one argument is the number of a file descriptor, its end of the connection."""
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                # -P: a file in the working directory must not stand in for a library.
                [sys.executable, "-P", "-m", module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Send it a message, if it is still there."""
        with suppress(OSError):  # it is gone, as `receive` is about to tell
            self.connection.send(message)

    def receive(self) -> Any:
        """Its next message; waits for it. None where it is gone."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def end(self, patience: float) -> str:
        """Close the connection and wait for it to end, so many seconds before it is killed. Says how it ended."""
        self.connection.close()
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
