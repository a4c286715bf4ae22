"""The worker's side of a pool: it loads, and then does one job after another.

The messages are plain lists and tuples, so that a worker in a separate Python environment can use JSON.

To a worker:

- the first message: everything that it needs to load, which depends on the kind of worker
- `("do", number, job)`
- `("drop",)`: the results of its jobs are no longer needed; it answers with `("dropped",)`
- `None`: end

From a worker:

- `("workers", count)`: how many workers there should be on this machine; before it loads
- `("ready", window)`: it has loaded, and should have this many jobs at a time
- `("said", sentence)`: what the user should know
- `("failed", reason)`: it cannot load until the user has corrected something; it ends
- `("done", number, result)`
- `("too_large", number)`: there is not enough memory for a job, which is then divided
- `("busy",)`: it is still working
- `("dropped",)`: it has no more of the jobs that it should drop
"""

import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from sdrrl_data import causes, faults, shown
from sdrrl_data.errors import UserError

AHEAD = 2  # jobs that a worker has at a time, so that it does not have to wait for the run


class Channel:
    """A worker's connection to the run."""

    def __init__(self) -> None:
        self._connection = Connection(int(sys.argv[1]))

    def receive(self) -> Any:
        """Wait for the next message. None: the worker should end, or the run has ended."""
        try:
            message = self._connection.recv_bytes()
        except (EOFError, OSError):
            return None
        return pickle.loads(message)

    def waiting(self) -> bool:
        """Whether `receive` would not wait."""
        return self._connection.poll()

    def send(self, *message: Any) -> None:
        """Send a message, unless the run has ended."""
        with suppress(OSError):  # the run has ended, and `receive` will return None
            self._connection.send(message)


def serve(load: Callable[[Any], Callable[[Any], Any]]) -> None:
    """Load, and do one job after another until the run ends or tells the worker to end.

    Args:
        load: gets the first message, and returns the function that does a job. If it raises a UserError, the user sees
            its message.
    """
    channel = Channel()
    with faults_logged():
        if (first := channel.receive()) is None:
            return
        try:
            do = load(first)
        except UserError as error:
            channel.send("failed", str(error))
            return
        channel.send("ready", AHEAD)
        while message := channel.receive():
            match message:
                case ["do", number, job]:
                    channel.send("done", number, do(job))
                case ["drop"]:
                    channel.send("dropped")


@contextmanager
def faults_logged() -> Iterator[None]:
    """End the worker with exit code 1 at an error: one line says what it is, and where its traceback is."""
    try:
        yield
    except BaseException as error:
        log = faults.write_log(error)
        said = shown.message(f"a worker failed: {causes.described(error)}; its traceback is in {log}")
        sys.stderr.write(f"{said}\n" if log else "".join(traceback.format_exception(error)))
        raise SystemExit(1) from None
