"""Leases: which process works on what, on a file system that several machines share.

A lease is a file. Whoever creates it has the lease, and rewrites it every few seconds with another number. Another
process takes it for stale once it has not seen it change for a while by its own clock: the clocks of two machines, and
the times of files, are never compared. A stale file is not removed, because two processes could do so at once: the next
one in a row is created instead (`NAME.lease-1`, `NAME.lease-2`), and the last of the row counts. Files are created
exclusively, which the server decides; a lookup or a listing that NFS has cached makes no second holder.

A process that is suspended for longer than that loses its lease and does not know it at once. So leases only save work;
whatever is written under one is written whole, and has the same bytes whoever writes it.
"""

import errno
import json
import logging
import os
import platform
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from sdrrl_data.errors import RunBusy

_NAME = re.compile(r"(\..+)\.lease-(\d{1,9})")
LOOKS = 3  # until it is said that a lease is waited for
_LENGTH = 400  # bytes of a lease's file: it is written over in place, and so never shorter for a moment


class Times(NamedTuple):
    """When a lease is renewed, and when it is stale."""

    renewed: float = 15.0  # seconds
    stale: float = 120.0


class Holder(NamedTuple):
    """Who has a lease."""

    host: str
    pid: int
    machine: str  # what process ids are counted on
    started: str  # when the process was, in a form that the machine knows

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def lives(self) -> bool | None:
        """Whether the process is there; None if it is on another machine, or cannot be seen."""
        if self.machine != _machine():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):
            return None
        return self.started == _started(self.pid)


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
        self._holder = Holder(socket.gethostname()[:100], os.getpid(), _machine(), _started(os.getpid()))

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
        if not self._create(_file(path, number + 1)):
            return False
        if number and not _file(path, number).exists():  # it was released as it was taken over
            _file(path, number + 1).unlink(missing_ok=True)
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
                with suppress(OSError):
                    _file(path, number).unlink()

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
        return _parsed(_read(_file(path, number)))

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
        with suppress(OSError):
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

    def _create(self, file: Path) -> bool:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with open(descriptor, "wb") as opened:
            opened.write(self._content())
        return True

    def _content(self) -> bytes:
        """Another one each time."""
        self._beat += 1
        return json.dumps([self._beat, *self._holder]).encode().ljust(_LENGTH)[:_LENGTH] + b"\n"

    def _last(self, path: Path) -> int:
        """The number of the last file of a row; 0 if there is none."""
        return next(number for number in count() if not _file(path, number + 1).exists())

    def _is_stale(self, file: Path) -> bool:
        content, now = _read(file), time.monotonic()
        if content is None:
            return False  # it was released this moment
        holder = _parsed(content)
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
        if _file(path, number + 1).exists():
            return False
        try:
            with _file(path, number).open("r+b") as file:
                file.write(self._content())
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return path not in self._taken
        except OSError:
            pass
        return True


def _places(root: Path) -> dict[Path, int]:
    """The places of all leases below a folder, without its folder `unused`; for each the highest number of a file."""
    places: dict[Path, int] = {}
    for folder, folders, names in os.walk(root):
        if Path(folder) == root and "unused" in folders:
            folders.remove("unused")
        for match in filter(None, map(_NAME.fullmatch, names)):
            place = Path(folder, match[1])
            places[place] = max(int(match[2]), places.get(place, 0))
    return places


def _file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.lease-{number}")


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESTALE):  # another machine has removed it
            return None
        raise


def _parsed(content: bytes | None) -> Holder | None:
    """Who wrote a lease's file; None if it is not whole, as where the machine died."""
    try:
        _, host, pid, machine, started = json.loads(content or b"")
        return Holder(str(host), int(pid), str(machine), str(started))
    except (ValueError, TypeError, RecursionError):
        return None


def _machine() -> str:
    """What process ids are counted on: a boot of the system, and in it a container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{platform.node()} {uuid.getnode()}"


def _started(pid: int) -> str:
    """When a process was started, by the system's ticks; "" if that is not known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
