"""A worker that does what its jobs say, for the tests of the pool.

It does one job after the other; started with the word `together`, all the jobs that it has at once, the last first. Its
first message is a dict: `fail` says why it cannot load, `load` is a job that it does before it is ready.
"""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

from sdrrl_data.errors import UserError
from sdrrl_data.processes.worker import Channel, serve

WINDOW = 20  # jobs that a worker has which does them together


def do(job):
    """Several jobs in a list give their results in a list."""
    if isinstance(job, list):
        return [do(part) for part in job]
    match job:
        case ("end", number):
            os.kill(os.getpid(), number)
        case ("raise", text):
            raise RuntimeError(text)
        case ("sleep", seconds):
            time.sleep(seconds)
        case ("hang",):  # in a library, which holds Python's lock
            ctypes.PyDLL(None).sleep(600)
        case ("once", folder, name, unlucky):  # the first to do it does another job, too
            try:
                (Path(folder) / name).touch(exist_ok=False)
            except FileExistsError:
                return name
            do(unlucky)
        case ("note", folder, name):
            with (Path(folder) / name).open("a") as file:
                file.write("x")
        case ("child",):
            return subprocess.Popen(["sleep", "600"]).pid
        case ("fork",):  # it holds the connection open
            if (child := os.fork()) == 0:
                time.sleep(600)
            return child
        case ("large", size):
            return "x" * size
        case ("length", text):
            return len(text)
        case ("pid",):
            return os.getpid()
    return job


def load(first):
    if "load" in first:
        do(first["load"])
    if "fail" in first:
        raise UserError(first["fail"])
    return do


def together():
    channel = Channel()
    load(channel.receive())
    channel.send("ready", WINDOW)
    jobs = []
    while True:
        while not jobs or channel.waiting():
            match channel.receive():
                case None:
                    return
                case ["drop"]:
                    jobs.clear()
                    channel.send("dropped")
                case ["do", number, job]:
                    jobs.append((number, job))
                    time.sleep(0.005)  # so that it gets all
        results = [(number, do(job)) for number, job in jobs[::-1]]  # none is there before all are
        for result in results:
            channel.send("done", *result)
        jobs.clear()


if __name__ == "__main__":
    if sys.argv[1] == "together":
        del sys.argv[1]
        together()
    else:
        serve(load)
