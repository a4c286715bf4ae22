"""A process that holds a vLLM engine, seen from the run: how it is started, spoken to and ended."""

from enum import Enum
from typing import NamedTuple

from sdrrl_data import recipe
from sdrrl_data.models.locating import Located
from sdrrl_data.processes.child_process import ChildProcess
from sdrrl_data.protocols import Completion, Request, SetAside

PATIENCE = 10.0  # seconds that an engine is given to end by itself


class Job(NamedTuple):
    """The first message to the process: which engine it is to hold."""

    settings: recipe.GeneratorConfig
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
    """One such process."""

    def __init__(self, job: Job) -> None:
        """Start it, and do not wait until its engine is loaded."""
        self.rank = job.rank
        self.window = 0  # rows that it should have at a time; none before it is ready
        self.under_way: dict[int, Request] = {}
        self._process = ChildProcess("sdrrl_data.generation.engine_worker")
        self.connection = self._process.connection
        self._process.send(job)

    def ask(self, number: int, request: Request) -> None:
        """Have a row done."""
        self.under_way[number] = request
        self._process.send(Ask(number, request))

    def drop(self) -> None:
        """Have nothing more done of what is under way."""
        if self.under_way:
            self.under_way.clear()
            self._process.send(Order.DROP)

    def receive(self) -> Report | None:
        """The next message from the process; waits for it. None where the process is gone."""
        report: Report | None = self._process.receive()
        return report

    def end(self) -> str:
        """Close the connection and wait for the process; killed if it takes too long. Says how it ended."""
        if not self.window:  # still starting: there is nothing to put in order
            self._process.kill()
        return self._process.end(PATIENCE + 5)
