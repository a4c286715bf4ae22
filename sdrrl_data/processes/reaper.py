"""Ends the workers of a run that was killed, even if they are busy, and all processes that they have started.

A worker ends by itself when its connection to the run is closed, but not while it hangs in a library. An engine that
went on would keep the GPU's memory.
"""

import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from threading import Lock

# Reads the process groups that should end with the run, one per line, and forgets those that have ended, because other
# processes may get their numbers. It cannot rely on the end of its input: processes that the run forks keep it open.
_SCRIPT = """
import os, select, signal, time

run, groups, rest = os.getppid(), set(), b""


def send(number):
    for group in list(groups):
        try:
            os.killpg(group, number)
        except OSError:  # the group has ended
            groups.discard(group)


while os.getppid() == run:
    send(0)
    if select.select([0], [], [], 0.2)[0]:
        received = os.read(0, 65536)
        if not received:
            break
        *lines, rest = (rest + received).split(b"\\n")
        groups.update(map(int, lines))

# First they get time to end by themselves; then they are asked to end, so that they free shared memory.
for number, seconds in (0, 5), (signal.SIGTERM, 5), (signal.SIGKILL, 0):
    send(number)
    end = time.monotonic() + seconds
    while groups and time.monotonic() < end:
        time.sleep(0.1)
        send(0)
"""

_lock = Lock()


def watch(group: int) -> None:
    """End a process group when this process has ended, in whatever way.

    Args:
        group: its number, which is the id of a process started with `start_new_session`.
    """
    with _lock, suppress(OSError):  # the reaper was killed
        stdin = _started(os.getpid()).stdin
        assert stdin
        stdin.write(b"%d\n" % group)


@cache
def _started(run: int) -> "subprocess.Popen[bytes]":
    """The reaper's process, one for all groups of this run."""
    # In a new session, so that it does not end with the run; without the run's streams, so that it keeps none open.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _SCRIPT],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
