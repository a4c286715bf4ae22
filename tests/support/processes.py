"""The processes that this one has started, and what ends them."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil


def running(module: str, parent: int | None = None) -> set[psutil.Process]:
    """The processes of a module that this one has started, or that another has."""
    found = set()
    # Not by `children()`, which compares times that a clock being set can turn around.
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):  # it has ended as it was looked at
            if process.ppid() == (parent or os.getpid()) and any(module in word for word in process.cmdline()):
                found.add(process)
    return found


def left(pids: Iterable[int], seconds: float = 30) -> list[psutil.Process]:
    """Those that have not ended after some seconds."""
    processes = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    return psutil.wait_procs(processes, seconds)[1]


@contextmanager
def ending(
    processes: Callable[[], Iterable[psutil.Process]], by: signal.Signals = signal.SIGKILL
) -> Iterator[set[psutil.Process]]:
    """As long as it is open, every process that is found is sent a signal. Gives those that were."""
    ended: set[psutil.Process] = set()
    over = threading.Event()

    def end() -> None:
        for process in set(processes()) - ended:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(by)
                ended.add(process)

    def go_on() -> None:
        while not over.wait(0.02):
            end()

    end()  # those there are, before they can do anything
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()
