"""A process that holds a vLLM engine, seen from the run: how it is started, spoken to and ended."""

import signal
import subprocess
import sys
from contextlib import suppress
from enum import Enum
from multiprocessing.connection import Pipe
from typing import NamedTuple

from sdrrl_data import recipe
from sdrrl_data.models import Located
from sdrrl_data.protocols import Completion, Request, SetAside

PATIENCE = 10.0  # seconds that an engine is given to end by itself


class Job(NamedTuple):
    """The first message to the process: which engine it is to hold."""

    settings: recipe.Generator
    located: Located
    rank: int  # among the engines on this machine, from 0


class Ask(NamedTuple):
    """To the process: a row to be done."""

    number: int  # comes back with the answer; no two rows of a generator have the same
    request: Request


class Order(Enum):
    """To the process: what to do with all rows that it has."""

    DROP = 1
    END = 2  # never sent: stands for the end of the connection


class Useful(NamedTuple):
    """From the process, soon after its start: how many engines this machine is to have."""

    engines: int


class Ready(NamedTuple):
    """From the process, once its engine is loaded."""

    window: int  # rows that it should have at a time


class Failed(NamedTuple):
    """From the process, as its last message: what the user has to mend before an engine can start."""

    reason: str


class Answer(NamedTuple):
    """From the process: a row that is done."""

    number: int
    result: Completion | SetAside


Report = Useful | Ready | Failed | Answer


class EngineProcess:
    """One such process.

    It is a fresh interpreter, not one of multiprocessing's, which would run the user's script once more; it prints
    where the run prints its errors; Ctrl-C does not reach it. It ends when the connection does.
    """

    def __init__(self, job: Job) -> None:
        """Start it, and do not wait until its engine is loaded."""
        self.rank = job.rank
        self.window = 0  # rows that it should have at a time; none before it is ready
        self.under_way: dict[int, Request] = {}
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                # -P: a file in the working directory must not stand in for a library.
                [sys.executable, "-P", "-m", "sdrrl_data.generation.engine_worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,
            )
        self._send(job)

    def ask(self, number: int, request: Request) -> None:
        """Have a row done."""
        self.under_way[number] = request
        self._send(Ask(number, request))

    def drop(self) -> None:
        """Have nothing more done of what is under way."""
        if self.under_way:
            self.under_way.clear()
            self._send(Order.DROP)

    def receive(self) -> Report | None:
        """The next message from the process; waits for it. None where the process is gone."""
        try:
            report: Report = self.connection.recv()
        except (EOFError, OSError):
            return None
        return report

    def end(self) -> str:
        """Close the connection and wait for the process; killed if it takes too long. Says how it ended."""
        self.connection.close()
        if not self.window:  # still starting: there is nothing to put in order
            self._process.kill()
        try:
            code = self._process.wait(PATIENCE + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def _send(self, message: Job | Ask | Order) -> None:
        with suppress(OSError):  # the process is gone, as `receive` is about to tell
            self.connection.send(message)
