"""The process on a node of a cluster that makes parts there: told their numbers, it says when they are written."""

import os
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from queue import Queue
from typing import NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.run import Run, provenance
from sdrrl_data.runners.work import work
from sdrrl_data.steps.model_pool import ModelPool, Models
from sdrrl_data.steps.step import Job


class Greeting(NamedTuple):
    """What a node says before it gets a part."""

    host: str
    versions: dict[str, str]
    manifest: bytes | None  # of the run, as the node sees it; None if it sees none


class News(NamedTuple):
    """What has happened on a node since it was asked last."""

    rows: float  # that were finished
    written: list[tuple[int, str]]  # parts, with their fingerprints
    waiting: int  # parts that it has not begun
    ended: int  # how many steps it has ended
    error: BaseException | None  # that ended it


class Node:
    """Works in a thread of its own, so that it can be asked while it does.

    Args:
        path: of the run, which all nodes see.
        models: loads the models.
        folder: the working directory of whoever began the run; used if it is here, too.
    """

    def __init__(self, path: str, models: Models, folder: str) -> None:
        if os.path.isdir(folder):  # what a recipe names may be relative to it
            os.chdir(folder)
            sys.path.append(folder)
        self._run = Run(path, worker=f"{socket.gethostname()}-{os.getpid()}")
        self._steps: Queue[tuple[Job, Queue[int | None]] | None] = Queue()
        self._parts: Queue[int | None] = Queue()  # of the last step
        self._changed = threading.Condition()
        self._rows, self._waiting, self._ended = 0.0, 0, 0
        self._written: list[tuple[int, str]] = []
        self._error: BaseException | None = None
        self._is_new = False  # whether something has happened that `news` has not told
        self._thread = threading.Thread(target=self._work, args=(models,), daemon=True)
        self._thread.start()

    def greet(self) -> Greeting:
        """Say what is here."""
        try:
            manifest = (self._run.path / "manifest.json").read_bytes()
        except OSError:
            manifest = None
        return Greeting(socket.gethostname(), provenance.versions(), manifest)

    def begin(self, job: Job) -> None:
        """Begin a step, once the one before has ended."""
        self._parts = Queue()
        self._steps.put((job, self._parts))

    def give(self, part: int) -> None:
        """Make a part of the step that was begun last, after those that were given before."""
        with self._changed:
            self._waiting += 1
        self._parts.put(part)

    def end(self) -> None:
        """End the step when the parts are made that were given."""
        self._parts.put(None)

    def news(self, seconds: float) -> News:
        """What has happened, as soon as something has, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_new, seconds)
            news = News(self._rows, self._written, self._waiting, self._ended, self._error)
            self._rows, self._written, self._is_new = 0.0, [], False
        return news

    def close(self) -> None:
        """End what runs here."""
        self._steps.put(None)
        self._thread.join()

    def _work(self, models: Models) -> None:
        pool = ModelPool(models)
        while step := self._steps.get():
            job, parts = step
            try:
                self._run.look()
                work(self._run, job, self._taken(parts), pool, self._advance, self._note, ahead=1)
            except BaseException as error:
                self._error = _portable(error)
            with self._changed:
                self._ended += 1
                self._tell()
        pool.close()

    def _taken(self, parts: "Queue[int | None]") -> Iterator[int]:
        while (part := parts.get()) is not None:
            with self._changed:
                self._waiting -= 1
                self._tell()
            yield part

    def _advance(self, rows: float) -> None:
        with self._changed:
            self._rows += rows

    def _note(self, part: int, fingerprint: str) -> None:
        with self._changed:
            self._written.append((part, fingerprint))
            self._tell()

    def _tell(self) -> None:
        self._is_new = True
        self._changed.notify_all()


def _portable(error: BaseException) -> BaseException:
    """An error that can be sent to another machine; of a fault, the traceback is what counts."""
    if isinstance(error, UserError):
        return error
    return RuntimeError("".join(traceback.format_exception(error)))
