"""A child process that works for the run: how it is started, how messages are exchanged, and how it is ended."""

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

from sdrrl_data.processes import quiet, reaper

GROUP_SECONDS = 5.0  # in which the processes that a process has started may end after they were asked to
LAST_LINES = 3  # of its output that are shown


def cores() -> int:
    """How many cores the run may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """How many threads an engine may use: OpenMP's number if it is set, otherwise one per core."""
    openmp_threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if openmp_threads.isdecimal() and int(openmp_threads):
        return int(openmp_threads)
    return cores()


def let_ctrl_c_through() -> None:
    """Let Ctrl-C interrupt a wait at once; polars changes this so that waits go on."""
    signal.siginterrupt(signal.SIGINT, True)


class Start(NamedTuple):
    """How a process is started."""

    command: Sequence[str]  # gets one more argument: the file descriptor of the child's end of the connection
    environment: Mapping[str, str] | None = None  # None: that of the run
    # Whether it runs in a separate Python environment. Its messages are then JSON, because a pickle from there could
    # run code here; and its output is captured, so that the last lines can be shown.
    foreign: bool = False


def module(name: str, **environment: str) -> Start:
    """Start a module of this package in a new interpreter; multiprocessing would run the user's script again.

    Its libraries are quiet, unless the user's variables say otherwise; those of this process stay as they are.

    Args:
        name: of the module.
        environment: variables that are set for it, besides those of the run.
    """
    # -P: a file in the working directory must not replace a library.
    return Start([sys.executable, "-P", "-m", name], {**quiet.environment(), **environment})


class ChildProcess:
    """One child process. Ctrl-C does not reach it. The run never waits for it, except in `end`."""

    def __init__(self, start: Start, deliver: Callable[[Any], None]) -> None:
        """Start it.

        Args:
            start: how it is started.
            deliver: called with each of its messages, in a thread; and with None when it has ended.
        """
        connection, child_end = Pipe()
        self._output = TemporaryFile() if start.foreign else None  # noqa: SIM115 - removed with this object
        self._encode: Callable[[Any], bytes] = _to_json if start.foreign else pickle.dumps
        with child_end:
            self._process = subprocess.Popen(
                [*start.command, str(child_end.fileno())],
                env=start.environment,
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output or 2,  # where the run prints its errors
                stderr=self._output,
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
        """Whether it is still running."""
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Send it a message, without waiting for it. If it has ended, do nothing."""
        self._outbox.put(self._encode(message))

    def kill(self) -> None:
        """Kill it, and ask the processes that it has started to end."""
        self._process.kill()
        self._signal_group(signal.SIGTERM)  # not SIGKILL, so that they free shared memory

    def end(self, patience: float) -> str:
        """Wait until it and all processes that it has started have ended.

        Args:
            patience: seconds before it is killed.

        Returns:
            How it ended, such as "SIGKILL" or "exit code 1".
        """
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        code = self._process.wait()
        self._end_group()
        # Like a shell, uv reports the signal that ended its process in the exit code.
        number = -code if code < 0 else code - 128
        return signal.Signals(number).name if number in list(signal.Signals) else f"exit code {code}"

    def last_output(self) -> str:
        """A sentence with the last lines of its output, or where to find them."""
        if self._output is None:
            return "Look above for what it said"
        self._output.seek(0)
        lines = list(filter(None, map(str.strip, self._output.read().decode(errors="replace").splitlines())))
        return f"It last said: {' / '.join(lines[-LAST_LINES:])}" if lines else "It said nothing"

    def _end_group(self) -> None:
        """End the processes that it has started: a GPU's memory must be free before another process needs it."""
        for number, seconds in (signal.SIGTERM, GROUP_SECONDS), (signal.SIGKILL, 1.0):
            end = time.monotonic() + seconds
            some_are_left = self._signal_group(number)
            while some_are_left and time.monotonic() < end:
                time.sleep(0.02)
                some_are_left = self._signal_group(0)
            if not some_are_left:
                return

    def _signal_group(self, number: int) -> bool:
        """Send a signal to the process group. Returns whether it still has processes."""
        with suppress(OSError):
            os.killpg(self._process.pid, number)
            return True
        return False


def _to_json(message: Any) -> bytes:
    return json.dumps(message).encode()


def _write(connection: Connection, outbox: "SimpleQueue[bytes | None]") -> None:
    """Send the messages in the outbox, so that the run does not have to wait for the process."""
    with suppress(OSError):  # the process has ended, which `_read` notices too
        while (message := outbox.get()) is not None:
            connection.send_bytes(message)


def _read(
    connection: Connection,
    decode: Callable[[bytes], Any],
    deliver: Callable[[Any], None],
    process: "subprocess.Popen[bytes]",
) -> None:
    """Deliver its messages until it has ended, so that it does not have to wait while the run is busy."""
    try:
        while True:
            deliver(decode(connection.recv_bytes()))
    except (EOFError, OSError):
        pass
    except Exception:
        logging.getLogger(__name__).exception("a message of a worker cannot be read")
        process.kill()
