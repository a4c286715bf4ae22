"""Leases: which process works on what, on a file system that several machines share, or in an object store.

A lease is a file. Whoever creates it has the lease, and rewrites it every few seconds with another number. Another
process takes it for stale once it has not seen it change for a while by its own clock: the clocks of two machines, and
the times of files, are never compared. A stale file is not removed, because two processes could do so at once: the next
one in a row is created instead (`NAME.lease-1`, `NAME.lease-2`), and the last of the row counts. Files are created
exclusively, which the server decides; a lookup or a listing that NFS has cached makes no second holder.

A process that is suspended for longer than that loses its lease and does not know it at once. So leases only save work;
whatever is written under one is written whole, and has the same bytes whoever writes it.
"""

import errno
import logging
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol

from sdrrl_data.errors import RunBusy, StoreUnavailable
from sdrrl_data.run import working_folder
from sdrrl_data.run.holder import Holder, parsed, this_process

_NAME = re.compile(r"(\..+)\.lease-(\d{1,9})")
LOOKS = 3  # until it is said that a lease is waited for
_FAILURES = (OSError, StoreUnavailable)  # of where the files are


class Times(NamedTuple):
    """When a lease is renewed, and when it is stale."""

    renewed: float = 15.0  # seconds
    stale: float = 120.0


class Files(Protocol):
    """Where the files of leases are. Each operation may raise `OSError`, or `StoreUnavailable`."""

    def create(self, file: Path, content: bytes) -> bool:
        """Write a file, unless it exists."""
        ...

    def read(self, file: Path) -> bytes | None:
        """The content of a file; None if there is none."""
        ...

    def rewrite(self, file: Path, content: bytes) -> bool:
        """Write a file of this process anew; False if it is gone, or another process's."""
        ...

    def unlink(self, file: Path) -> None:
        """Remove a file, if it exists."""
        ...

    def exists(self, file: Path) -> bool:
        """Whether there is a file."""
        ...

    def files(self, folder: Path) -> Iterable[Path]:
        """All files below a folder that may be those of leases."""
        ...


class _Disk:
    """Files of a file system, as `Files`."""

    def create(self, file: Path, content: bytes) -> bool:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with open(descriptor, "wb") as opened:
            opened.write(content)
        return True

    def read(self, file: Path) -> bytes | None:
        try:
            return file.read_bytes()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE):  # another machine has removed it
                return None
            raise

    def rewrite(self, file: Path, content: bytes) -> bool:
        try:
            with file.open("r+b") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
        except FileNotFoundError:
            return False
        return True

    def unlink(self, file: Path) -> None:
        file.unlink(missing_ok=True)

    def exists(self, file: Path) -> bool:
        return file.exists()

    def files(self, folder: Path) -> Iterable[Path]:
        for place, folders, names in os.walk(folder):
            if Path(place) == folder and "unused" in folders:
                folders.remove("unused")
            yield from (Path(place, name) for name in names)


_DISK = _Disk()


@dataclass
class _Seen:
    """A lease's file of another process, as it was first seen with its present content."""

    content: bytes
    since: float  # by this process's own clock
    changes: bool = False  # whether it has changed since it was seen first


class Leases:
    """The leases of one process. A thread renews them until they are released, or this object is closed.

    Args:
        times: when a lease is renewed, and when it is stale; the same for all processes that share a run.
    """

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._taken: dict[Path, int] = {}  # the number in its row of each lease
        self._lost: set[Path] = set()
        self._seen: dict[Path, _Seen] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat = 0
        self._holder = this_process()

    def take(self, path: Path) -> bool:
        """Take a lease, if no other process has it, or whoever has it does not renew it.

        Args:
            path: its place: `answers/.part-00003` for the lease `answers/.part-00003.lease-1`.

        Raises:
            OSError: the file system cannot be read or written to.
        """
        number = self._last(path)
        if number and not self._is_stale(_file(path, number)):
            return False
        files = _files(path)
        if not files.create(_file(path, number + 1), self._content()):
            return False
        if number and not files.exists(_file(path, number)):  # it was released as it was taken over
            files.unlink(_file(path, number + 1))
            return False
        with self._lock:
            self._taken[path] = number + 1
            self._lost.discard(path)
        self._begin_to_renew()
        return True

    def release(self, path: Path, highest: int = 0) -> None:
        """Give a lease back.

        Args:
            path: its place.
            highest: the highest number among its files. Those beyond its row were left where a process was killed
                while it removed the row from its beginning.
        """
        with self._lock:
            last, lost = self._taken.pop(path, 0), path in self._lost
        if not lost:
            for number in range(1, max(last, highest) + 1):
                with suppress(*_FAILURES):
                    _files(path).unlink(_file(path, number))

    def holds(self, path: Path) -> bool:
        """Whether this process has the lease, as far as it knows."""
        return path in self._taken and path not in self._lost

    def holder(self, path: Path) -> Holder | None:
        """Another process that has the lease and may live; None if there is none.

        It has to be asked again and again: only with time it shows that a process on another machine has died.
        """
        number = self._last(path)
        if not number or self.holds(path) or self._is_stale(_file(path, number)):
            return None
        return parsed(_files(path).read(_file(path, number)))

    def is_renewed(self, path: Path) -> bool:
        """Whether another process has the lease and certainly lives."""
        holder, seen = self.holder(path), self._seen.get(_file(path, self._last(path)))
        return holder is not None and bool(holder.lives() or (seen and seen.changes))

    def others(self, folder: Path) -> dict[Path, Holder | None]:
        """The leases below a folder that other processes have and may still renew, each with its holder, if known.

        Leases that are stale are removed. The folder `unused` is left out.
        """
        held_by_others = {}
        for place, highest in sorted(_places(folder).items()):
            if self.holds(place):
                continue
            if self.take(place):
                self.release(place, highest)
            else:
                held_by_others[place] = self.holder(place)
        return held_by_others

    def tidy(self, folder: Path) -> None:
        """Remove leases below a folder that are stale, if the folder can be written to."""
        with suppress(*_FAILURES):
            self.others(folder)

    def seen(self, folder: Path) -> dict[Path, Holder]:
        """The leases below a folder that a process has and may still renew. Nothing is changed."""
        holders = ((place, self.holder(place)) for place in sorted(_places(folder)))
        return {place: holder for place, holder in holders if holder}

    @contextmanager
    def held(self, path: Path, busy: str) -> Iterator[None]:
        """Hold a lease for a while. If a process that has it seems to have died, wait until this is certain.

        Args:
            path: its place.
            busy: the sentence of the error.

        Raises:
            RunBusy: another process has it.
            OSError: the file system cannot be read or written to.
        """
        for look in count():
            if self.take(path):
                break
            if self.is_renewed(path):
                raise RunBusy(busy)
            if look == LOOKS:
                logging.getLogger(__name__).warning("waiting to see whether %s has ended", self.holder(path))
            time.sleep(min(1.0, self._times.renewed / 4))
        try:
            yield
        finally:
            self.release(path)

    def close(self) -> None:
        """Give all leases back."""
        self._closed.set()
        if self._thread:
            self._thread.join()
        for path in list(self._taken):
            self.release(path)

    def __enter__(self) -> "Leases":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _content(self) -> bytes:
        """Another one each time."""
        self._beat += 1
        return self._holder.written(self._beat)

    def _last(self, path: Path) -> int:
        """The number of the last file of a row; 0 if there is none."""
        files = _files(path)
        return next(number for number in count() if not files.exists(_file(path, number + 1)))

    def _is_stale(self, file: Path) -> bool:
        content, now = _files(file).read(file), time.monotonic()
        if content is None:
            return False  # it was released this moment
        holder = parsed(content)
        if holder and holder.lives() is False:
            return True
        seen = self._seen.get(file)
        if seen is None or seen.content != content:
            self._seen[file] = _Seen(content, now, changes=seen is not None)
            return False
        return now - seen.since > self._times.stale

    def _begin_to_renew(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
            self._thread.start()

    def _renew(self) -> None:
        while not self._closed.wait(self._times.renewed):
            with self._lock:
                taken = dict(self._taken)
            for path, number in taken.items():
                if not self._renewed(path, number):
                    self._lost.add(path)

    def _renewed(self, path: Path, number: int) -> bool:
        """Write a lease's file anew; False if the lease was lost. An error of the disk may pass."""
        files = _files(path)
        try:
            if files.exists(_file(path, number + 1)):
                return False
            return files.rewrite(_file(path, number), self._content()) or path not in self._taken
        except _FAILURES:
            return True


def _places(root: Path) -> dict[Path, int]:
    """The places of all leases below a folder, without its folder `unused`; for each the highest number of a file."""
    places: dict[Path, int] = {}
    for file in _files(root).files(root):
        if match := _NAME.fullmatch(file.name):
            place = file.with_name(match[1])
            places[place] = max(int(match[2]), places.get(place, 0))
    return places


def _file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.lease-{number}")


def _files(path: Path) -> Files:
    """Where the files of a lease are, by its place."""
    return working_folder.of(path) or _DISK
