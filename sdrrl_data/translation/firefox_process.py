"""A process that translates with Firefox's models, seen from the run: how it is started, spoken to and ended."""

import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import NamedTuple

from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.firefox_models import Model

PATIENCE = 10.0  # seconds that a process is given to end by itself


class Job(NamedTuple):
    """The first message to the process: what it is to do."""

    models: list[Model]  # what a sentence goes through, one after the other
    joint: str  # what stands between two clauses of the target language


class Batch(NamedTuple):
    """To the process: sentences to be translated."""

    start: int  # the number of the first
    sentences: list[str]
    again: bool
    second: bool = False  # whether a process ended over them before


class Answer(NamedTuple):
    """From the process: the translations of the first batch that it has not answered yet."""

    translations: list[str | SetAside]


class Failed(NamedTuple):
    """From the process, as its last message: what the user has to mend."""

    reason: str


class FirefoxProcess:
    """One such process.

    A fresh interpreter, not one of multiprocessing's, which would run the user's script once more; Ctrl-C does not
    reach it. It ends when the connection does.
    """

    def __init__(self, job: Job) -> None:
        """Start it, and do not wait until the models are loaded."""
        self.under_way: deque[Batch] = deque()  # in the order in which they will be answered
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                # -P: a file in the working directory must not stand in for a library.
                [sys.executable, "-P", "-m", "sdrrl_data.translation.firefox_worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,
            )
        self._send(job)

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def ask(self, batch: Batch) -> None:
        """Have a batch translated."""
        self.under_way.append(batch)
        self._send(batch)

    def receive(self) -> Answer | Failed | None:
        """The next message from the process; waits for it. None where the process is gone."""
        try:
            message: Answer | Failed = self.connection.recv()
        except (EOFError, OSError):
            return None
        return message

    def end(self) -> str:
        """Close the connection and wait for the process; killed if it takes too long. Says how it ended."""
        self.connection.close()
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def _send(self, message: Job | Batch) -> None:
        with suppress(OSError):  # the process is gone, as `receive` is about to tell
            self.connection.send(message)
