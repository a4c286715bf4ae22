"""A process that translates with Firefox's models, seen from the run: how it is started, spoken to and ended."""

from collections import deque
from typing import NamedTuple

from sdrrl_data.processes.child_process import ChildProcess
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
    """One such process."""

    def __init__(self, job: Job) -> None:
        """Start it, and do not wait until the models are loaded."""
        self.under_way: deque[Batch] = deque()  # in the order in which they will be answered
        self._process = ChildProcess("sdrrl_data.translation.firefox_worker")
        self.connection = self._process.connection
        self._process.send(job)

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.alive()

    def ask(self, batch: Batch) -> None:
        """Have a batch translated."""
        self.under_way.append(batch)
        self._process.send(batch)

    def receive(self) -> Answer | Failed | None:
        """The next message from the process; waits for it. None where the process is gone."""
        message: Answer | Failed | None = self._process.receive()
        return message

    def end(self) -> str:
        """Close the connection and wait for the process; killed if it takes too long. Says how it ended."""
        return self._process.end(PATIENCE)
