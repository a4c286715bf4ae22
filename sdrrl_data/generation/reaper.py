"""Ends processes when this one is gone. An engine that outlived its run would keep the GPU's memory for itself."""

import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess

# The pipe ends when the process that holds its other end does, however it ends.
_SCRIPT = """
import os, signal, sys
sys.stdin.read()
for pid in map(int, sys.argv[1:]):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


def watch(processes: Sequence[BaseProcess]) -> subprocess.Popen[bytes] | None:
    """Kill these processes as soon as this one is gone; None where there are none to watch.

    The process that is returned is to be killed once they have ended by themselves.
    """
    pids = [str(process.pid) for process in processes]
    if not pids:
        return None
    # In a session of its own: Ctrl-C is not meant for it.
    return subprocess.Popen([sys.executable, "-c", _SCRIPT, *pids], stdin=subprocess.PIPE, start_new_session=True)
