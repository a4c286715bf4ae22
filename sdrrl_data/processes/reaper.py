"""Ends the workers of a run that was killed, however busy they are, and whatever they have started.

A worker ends by itself when its connection to the run does, but not while it hangs in a library; and an engine that
lived on would keep the GPU's memory.
"""

import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from threading import Lock

# It reads the process groups that are to be ended with the run, a line each, and drops those that have ended, whose
# numbers others may get. The end of its input is not enough to notice that the run has ended: what the run forks holds
# that open.
_SCRIPT = """
import os, select, signal, time

run, groups, rest = os.getppid(), set(), b""


def send(number):
    for group in list(groups):
        try:
            os.killpg(group, number)
        except OSError:  # none is left
            groups.discard(group)


while os.getppid() == run:
    send(0)
    if select.select([0], [], [], 0.2)[0]:
        received = os.read(0, 65536)
        if not received:
            break
        *lines, rest = (rest + received).split(b"\\n")
        groups.update(map(int, lines))

# First they may end by themselves; then they are asked to, so that shared memory is given back.
for number, seconds in (0, 5), (signal.SIGTERM, 5), (signal.SIGKILL, 0):
    send(number)
    end = time.monotonic() + seconds
    while groups and time.monotonic() < end:
        time.sleep(0.1)
        send(0)
"""

_lock = Lock()


def watch(group: int) -> None:
    """Have a process group ended once this process is gone, however it went.

    Args:
        group: its number, which is the process id of its leader: a process started with `start_new_session`.
    """
    with _lock, suppress(OSError):  # it was killed
        stdin = _started(os.getpid()).stdin
        assert stdin
        stdin.write(b"%d\n" % group)


@cache
def _started(run: int) -> "subprocess.Popen[bytes]":
    """The process that does it for this run: one for all groups."""
    # In a session of its own, so that it does not end with the run; without the run's streams, to hold none open.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _SCRIPT],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
