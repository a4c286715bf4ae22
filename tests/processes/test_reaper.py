import signal
import subprocess
import sys

import psutil
import pytest

LEADER = """
import os, signal, sys, time
from sdrrl_data.generation import reaper

reaper.watch()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, signal.Handlers(int(sys.argv[1])))
os.write(1, f"{os.getpid()}\\n".encode())  # at once: both processes write to one pipe
time.sleep(600)
"""


@pytest.mark.parametrize("on_sigterm", [signal.SIG_DFL, signal.SIG_IGN])
def test_nothing_outlives_the_process_that_is_watched(on_sigterm):
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER, str(int(on_sigterm))], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        pids = {int(leader.stdout.readline()), int(leader.stdout.readline())}
        (child,) = (psutil.Process(pid) for pid in pids - {leader.pid})
    finally:
        leader.kill()
        leader.communicate()
    assert psutil.wait_procs([child], timeout=60)[1] == []
