import os
import signal
import subprocess
import sys
import time

PARENT = """
import multiprocessing, sys, time
from sdrrl_data.generation import reaper

if __name__ == "__main__":
    engine = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    engine.start()
    reaper.watch(multiprocessing.active_children())
    print(engine.pid, flush=True)
    time.sleep(600)
"""


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def test_an_engine_does_not_outlive_its_run():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        engine = int(parent.stdout.readline())
        assert is_running(engine)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while is_running(engine) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(engine)
