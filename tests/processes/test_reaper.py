import os
import signal
import subprocess
import sys

import psutil
import pytest

RUN = """
import subprocess, sys, time
from sdrrl_data.processes import reaper

leader = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=True)
reaper.watch(leader.pid)
time.sleep(600)
"""
LEADER = """
import os, signal, sys, time

signal.signal(signal.SIGTERM, signal.Handlers(int(sys.argv[1])))
os.fork()
os.write(1, f"{os.getpid()}\\n".encode())  # at once: both processes write to one pipe
time.sleep(600)
"""


@pytest.mark.parametrize("on_sigterm", [signal.SIG_DFL, signal.SIG_IGN])
def test_nothing_that_is_watched_outlives_the_run(on_sigterm):
    run = subprocess.Popen([sys.executable, "-c", RUN, LEADER, str(int(on_sigterm))], stdout=subprocess.PIPE, text=True)
    try:
        watched = [psutil.Process(int(run.stdout.readline())) for _ in range(2)]
    finally:
        run.kill()
        run.wait()
    run.stdout.close()
    assert psutil.wait_procs(watched, timeout=60)[1] == []


def test_what_is_not_watched_is_left_alone():
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    run = subprocess.Popen([sys.executable, "-c", RUN, "", ""], start_new_session=True)
    try:
        psutil.wait_procs([psutil.Process(run.pid)], timeout=1)
        run.kill()
        run.wait()
        assert psutil.wait_procs([psutil.Process(other.pid)], timeout=1)[0] == []
        assert os.getpgid(other.pid) == other.pid
    finally:
        other.kill()
        other.wait()
