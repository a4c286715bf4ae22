"""What a worker does: load, then answer the run, job after job.

The messages are plain lists and tuples, so that a worker in an environment of its own can speak them as JSON.

To a worker:

- first of all, what it needs to load; what that is depends on the worker
- `("do", number, job)`
- `("drop",)`: the jobs that it has are not wanted any more; answered by `("dropped",)`
- `None`: it is to end

From a worker:

- `("workers", count)`: how many there should be on this machine, before it loads
- `("ready", window)`: it has loaded, and is to have so many jobs at a time
- `("said", sentence)`: what the user should know
- `("failed", reason)`: what the user has to mend before it can load; it ends
- `("done", number, result)`
- `("too_large", number)`: there is not enough memory for a job, which is asked again in parts
- `("busy",)`: it is still at work
- `("dropped",)`: it has none of the jobs left that it had when it was asked to drop them
"""

import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from sdrrl_data.errors import UserError

AHEAD = 2  # jobs that a worker has at a time, so that it need not wait for the run


class Channel:
    """A worker's connection to the run."""

    def __init__(self) -> None:
        self._connection = Connection(int(sys.argv[1]))

    def receive(self) -> Any:
        """The next message; waits for it. None: the worker is to end, or the run is gone."""
        try:
            message = self._connection.recv_bytes()
        except (EOFError, OSError):
            return None
        return pickle.loads(message)

    def waiting(self) -> bool:
        """Whether `receive` would not wait."""
        return self._connection.poll()

    def send(self, *message: Any) -> None:
        """Send a message, if the run is still there."""
        with suppress(OSError):  # it is gone, as `receive` is about to tell
            self._connection.send(message)


def serve(load: Callable[[Any], Callable[[Any], Any]]) -> None:
    """Load and do one job after the other, until the run wants no more.

    Args:
        load: takes the first message; gives what does a job. A UserError that it raises reaches the user.
    """
    channel = Channel()
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
