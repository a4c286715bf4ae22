"""A process of our own that works for the run: how it is started, spoken to and ended."""

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from typing import Any, NamedTuple

from sdrrl_data.processes import reaper

GROUP_SECONDS = 5.0  # that what a process has started is given to end, once it was asked to
LAST_LINES = 3  # of what it said that are worth showing


def cores() -> int:
    """How many cores the run may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def let_ctrl_c_through() -> None:
    """Have Ctrl-C end a wait at once: polars has waits go on until there is something."""
    signal.siginterrupt(signal.SIGINT, True)


class Start(NamedTuple):
    """How a process is started."""

    command: Sequence[str]  # gets one more argument: the number of a file descriptor, its end of the connection
    environment: Mapping[str, str] | None = None  # None: the run's
    # Whether it runs in a Python environment of its own. It is then spoken to in JSON, as a pickle from there could
    # run code here; and what it prints is kept, for its last lines to be shown.
    foreign: bool = False


def module(name: str, **environment: str) -> Start:
    """Start a module of this package in a fresh interpreter; multiprocessing's would run the user's script once more.

    Args:
        name: of the module.
        environment: variables that are set for it, besides the run's.
    """
    # -P: a file in the working directory must not stand in for a library.
    return Start([sys.executable, "-P", "-m", name], os.environ | environment)


class ChildProcess:
    """One such process. Ctrl-C does not reach it. Nothing that the run does with it waits for it, except `end`."""

    def __init__(self, start: Start, deliver: Callable[[Any], None]) -> None:
        """Start it.

        Args:
            start: how.
            deliver: called with each of its messages, in a thread; with None once it is gone.
        """
        connection, theirs = Pipe()
        self._printed = TemporaryFile() if start.foreign else None  # noqa: SIM115 - it goes when this object does
        self._encode: Callable[[Any], bytes] = _to_json if start.foreign else pickle.dumps
        with theirs:
            self._process = subprocess.Popen(
                [*start.command, str(theirs.fileno())],
                env=start.environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._printed or 2,  # where the run prints its errors
                stderr=self._printed,
                start_new_session=True,
            )
        reaper.watch(self._process.pid)
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        writer = Thread(target=_write, args=(connection, self._outbox), daemon=True)
        writer.start()
        decode = json.loads if start.foreign else pickle.loads

        def read() -> None:
            _read(connection, decode, deliver, self._process)
            self._outbox.put(None)
            writer.join()
            connection.close()
            deliver(None)

        Thread(target=read, daemon=True).start()

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Send it a message, if it is still there, without waiting until it takes it."""
        self._outbox.put(self._encode(message))

    def kill(self) -> None:
        """End it at once, and ask what it has started to end."""
        self._process.kill()
        self._signal_group(signal.SIGTERM)  # asked, so that shared memory is given back

    def end(self, patience: float) -> str:
        """Wait until it and all that it has started have ended. Says how it ended, such as `SIGKILL`.

        Args:
            patience: seconds before it is killed.
        """
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        code = self._process.wait()
        self._end_group()
        # uv says as a shell does which signal ended what it ran.
        number = -code if code < 0 else code - 128
        return signal.Signals(number).name if number in list(signal.Signals) else f"exit code {code}"

    def last_words(self) -> str:
        """A sentence that shows the last lines it printed, or says where they are."""
        if self._printed is None:
            return "Look above for what it said"
        self._printed.seek(0)
        lines = list(filter(None, map(str.strip, self._printed.read().decode(errors="replace").splitlines())))
        return f"It last said: {' / '.join(lines[-LAST_LINES:])}" if lines else "It said nothing"

    def _end_group(self) -> None:
        """End what it has started: memory of a GPU must be free before another process wants it."""
        for number, seconds in (signal.SIGTERM, GROUP_SECONDS), (signal.SIGKILL, 1.0):
            end = time.monotonic() + seconds
            some_are_left = self._signal_group(number)
            while some_are_left and time.monotonic() < end:
                time.sleep(0.02)
                some_are_left = self._signal_group(0)
            if not some_are_left:
                return

    def _signal_group(self, number: int) -> bool:
        """Whether there was anybody to get the signal."""
        with suppress(OSError):
            os.killpg(self._process.pid, number)
            return True
        return False


def _to_json(message: Any) -> bytes:
    return json.dumps(message).encode()


def _write(connection: Connection, outbox: "SimpleQueue[bytes | None]") -> None:
    """Send what is in the outbox, so that the run need not wait until the process takes it."""
    with suppress(OSError):  # it is gone, as `_read` sees too
        while (message := outbox.get()) is not None:
            connection.send_bytes(message)


def _read(
    connection: Connection,
    decode: Callable[[bytes], Any],
    deliver: Callable[[Any], None],
    process: "subprocess.Popen[bytes]",
) -> None:
    """Deliver its messages until it is gone, so that it need not wait while the run is busy."""
    try:
        while True:
            deliver(decode(connection.recv_bytes()))
    except (EOFError, OSError):
        pass
    except Exception:
        logging.getLogger(__name__).exception("a message of a worker cannot be read")
        process.kill()
