"""Ends what a process leaves behind when it is killed: an engine that lived on would keep the GPU's memory."""

import os
import subprocess
import sys

# A pipe would not do to notice the end: what the process forks would hold it open.
_SCRIPT = """
import os, signal, sys, time

leader = int(sys.argv[1])
while os.getppid() == leader:
    time.sleep(0.2)
try:
    os.killpg(leader, signal.SIGTERM)  # first asked, so that shared memory is given back
    for _ in range(50):
        time.sleep(0.1)
        os.killpg(leader, 0)
    os.killpg(leader, signal.SIGKILL)
except ProcessLookupError:  # none is left
    pass
"""


def watch() -> None:
    """Once this process is gone, however it went, end all that it started.

    To be called in a process that leads its process group, as one does that was started with `start_new_session`.
    """
    # In a session of its own, so that it does not end itself; without the run's streams, so that it holds none open.
    subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _SCRIPT, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
