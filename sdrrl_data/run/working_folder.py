"""The folder of this machine in which a process works on a run that is in an object store.

The store is the truth. One listing says what the run has; every file of it then stands in the folder, as an empty one
of its size until it is read. What is written whole is put into the store before it gets its name here, and what is
removed, is removed there first, so that a process that is killed leaves no file here that the store does not have.
Parts and shards have their fingerprint in the name of their object: the listing tells which are made, and with which
settings. If there are two objects of one file, as where a process was killed, the newer one counts; the store's clock
says which, and if it is the wrong one, its fingerprint is not the expected one, and the file is made again.

Journals, and what is being written, are here only. A folder is one process's; that of a process that has ended is taken
over by the next one, with its journals, and without all else.
"""

import atexit
import hashlib
import os
import re
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from sdrrl_data import shown
from sdrrl_data.run.holder import Holder, parsed, this_process
from sdrrl_data.stores import Address, Entry, Store, Version, address_of

LEASES = ".leases"  # in the store
_PROCESS = ".process"  # in a working folder: whose it is
_MANIFESTS = ("manifest.json", ".manifest.json")
# The objects of parts and shards: what the file is called, and its fingerprint.
_WITH_FINGERPRINT = re.compile(r"((?:part-\d{5,}|(?:train|test)-\d{5,}-of-\d{5,}))(?:\.([^./]+))?(\.parquet)")
_JOURNAL = re.compile(r"\..*\.journal")
_STORED_HIDDEN = re.compile(r"\.manifest\.json|\.part-\d{5,}\.content")
_LAZY = (".parquet", ".content")  # files that are fetched when they are read

_open: dict[str, "WorkingFolder"] = {}  # by address


class _Object(NamedTuple):
    """The object of a file."""

    key: str
    size: int
    etag: str | None
    time: float


def place(path: str | PathLike[str]) -> Path:
    """Where a run is on this machine: its folder, or for an address the working folder, as the store is now.

    Raises:
        StoreUnavailable: the store cannot be used.
        NotInstalled: obstore is not installed.
        UserError: the address is none.
    """
    address = address_of(path)
    if address is None:
        return Path(path)
    if str(address) in _open:
        _open[str(address)].look()
    else:
        folder = WorkingFolder(Store(address), _taken(address))
        _open[str(address)] = folder
    return _open[str(address)].path


def of(path: Path) -> "WorkingFolder | None":
    """The working folder that a path lies in; None if it lies in none."""
    for folder in list(_open.values()):
        if path == folder.path or folder.path in path.parents:
            return folder
    return None


def fetch(path: Path) -> None:
    """See that the content of a file is here."""
    if folder := of(path):
        folder.fetch(path)


class WorkingFolder:
    """A run in an object store, as this process sees it.

    Args:
        store: has the run.
        path: the folder of this process.
    """

    def __init__(self, store: Store, path: Path) -> None:
        self.path = path
        self._store = store
        self._objects: dict[str, _Object] = {}  # by the place of their file in the run
        self._keys: dict[str, set[str]] = {}  # of each place, also those that do not count
        self._here: dict[str, str | None] = {}  # files that are here whole -> their ETag
        self._leases: dict[str, Version] = {}
        self._lock = threading.RLock()
        shown.ADDRESSES[str(path)] = str(store.address)
        self.look()

    def look(self, *folders: str) -> None:
        """See what the store has.

        Args:
            folders: to be listed, one after another; by default, all of the run.
        """
        if not folders and not self._objects and not any(map(self._store.exists, _MANIFESTS)):
            self._take_in("", _first(self._store.list()))  # not a run: it may be a bucket with millions of objects
            return
        for folder in folders or ("",):
            self._take_in(folder, self._store.list(folder))

    def fingerprint(self, path: Path) -> str | None:
        """The fingerprint of a part or a shard, as its object's name has it; None if that has none."""
        known = self._objects.get(self._place(path))
        match = _WITH_FINGERPRINT.fullmatch(known.key.rpartition("/")[2]) if known else None
        return match[2] if match else None

    def fetch(self, path: Path) -> None:
        """See that the content of a file is here, if the store has it."""
        place = self._place(path)
        for again in (False, True):
            known = self._objects.get(place)
            if known is None or place in self._here:
                return
            temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
            try:
                version = self._store.fetch(known.key, temporary)
            except FileNotFoundError:  # another process has replaced it
                temporary.unlink(missing_ok=True)
                if again:
                    return
                self.look(place.rpartition("/")[0])
                continue
            os.utime(temporary, (known.time, known.time))
            with self._lock:
                temporary.replace(path)
                self._here[place] = version.etag

    def renew(self, path: Path) -> None:
        """Fetch a file once more, because another process may have changed it."""
        with suppress(FileNotFoundError):
            content, version = self._store.read(self._place(path))
            if self._here.get(self._place(path)) != version.etag or not path.exists():
                path.write_bytes(content)
                self._here[self._place(path)] = version.etag

    def put(self, path: Path, source: Path, fingerprint: str = "") -> None:
        """Put a file into the store, before it gets its name here.

        Args:
            path: the name that it will have.
            source: has its content.
            fingerprint: of a part or a shard.
        """
        place = self._place(path)
        if not _is_stored(place):
            return
        key = _key(place, fingerprint)
        version = self._store.write(key, source)
        with self._lock:
            self._store.delete(self._keys.get(place, set()) - {key})
            self._objects[place] = _Object(key, source.stat().st_size, version.etag, 0.0)
            self._keys[place] = {key}
            self._here[place] = version.etag

    def remove(self, path: Path) -> None:
        """Remove a file from the store, before it is removed here."""
        place = self._place(path)
        with self._lock:
            self._store.delete(self._keys.get(place, set()))
            self._forget(place)

    def move(self, path: Path, target: Path) -> None:
        """Move a file in the store, before it is moved here."""
        self.copy(path, target)
        self.remove(path)

    def copy(self, path: Path, target: Path) -> None:
        """Copy a file in the store, before it is copied here."""
        place, to = self._place(path), self._place(target)
        if known := self._objects.get(place):
            key = f"{to.rpartition('/')[0]}/{known.key.rpartition('/')[2]}".lstrip("/")
            self._store.copy(known.key, key)
            with self._lock:
                self._objects[to] = known._replace(key=key, etag=None)
                self._keys[to] = {key}
                if place in self._here:
                    self._here[to] = None

    # Leases, as `leases.Files`: they are nowhere but in the store.

    def create(self, file: Path, content: bytes) -> bool:
        """Write a lease's file, unless it exists."""
        version = self._store.create(self._lease(file), content)
        if version:
            self._leases[self._lease(file)] = version
        return version is not None

    def read(self, file: Path) -> bytes | None:
        """The content of a lease's file; None if there is none."""
        try:
            return self._store.read(self._lease(file))[0]
        except FileNotFoundError:
            return None

    def rewrite(self, file: Path, content: bytes) -> bool:
        """Write a lease's file of this process anew; False if it is gone, or another process's."""
        key = self._lease(file)
        if key not in self._leases:
            return False  # it was released this moment
        version = self._store.update(key, content, self._leases[key])
        if version is None and self.read(file) == content:  # it was written, and the answer was lost
            version = self._store.read(key)[1]
        if version:
            self._leases[key] = version
        return version is not None

    def unlink(self, file: Path) -> None:
        """Remove a lease's file, if there is one."""
        self._store.delete([self._lease(file)])
        self._leases.pop(self._lease(file), None)

    def exists(self, file: Path) -> bool:
        """Whether there is a lease's file."""
        return self._store.exists(self._lease(file))

    def files(self, folder: Path) -> Iterator[Path]:
        """The files of all leases below a folder."""
        below = self._lease(folder)
        return (self.path / entry.key.removeprefix(f"{LEASES}/") for entry in self._store.list(below))

    def _take_in(self, folder: str, entries: Iterable[Entry]) -> None:
        """Make the folder as a listing says."""
        listed: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if not entry.key.startswith(f"{LEASES}/"):
                listed[_place_of(entry.key)].append(entry)
        folders = {parent for place in listed for parent in _parents(place)}
        with self._lock:
            for place in [place for place in self._objects if _is_below(place, folder) and place not in listed]:
                self._forget(place)
                (self.path / place).unlink(missing_ok=True)
            for place, objects in listed.items():
                if place in folders or not place:
                    continue  # an object with the name of a folder, as some tools make it
                newest = max(objects, key=lambda entry: entry.time)
                self._keys[place] = {entry.key for entry in objects}
                self._stand_in(place, _Object(*newest))
        for place in self._objects.keys() & listed.keys() - self._here.keys():
            if not place.endswith(_LAZY):
                self.fetch(self.path / place)

    def _stand_in(self, place: str, now: _Object) -> None:
        """Leave a file that is here as the store has it; have an empty one in the place of all others."""
        path, before = self.path / place, self._objects.get(place)
        self._objects[place] = now
        if place in self._here and self._here[place] in (now.etag, None) and path.exists():
            self._here[place] = now.etag
        elif place in self._here or before is None or before.size != now.size:
            self._here.pop(place, None)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.tmp")
            with temporary.open("wb") as file:
                file.truncate(now.size)
            temporary.replace(path)
        if before is None or before.time != now.time:
            os.utime(path, (now.time, now.time))

    def _forget(self, place: str) -> None:
        for known in (self._objects, self._keys, self._here):
            known.pop(place, None)

    def _place(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _lease(self, file: Path) -> str:
        place = self._place(file)
        return LEASES if place == "." else f"{LEASES}/{place}"


def _is_stored(place: str) -> bool:
    """Whether a file is one of the run's, and not one that is being made, or is of this machine."""
    *folders, name = place.split("/")
    is_hidden = any(folder.startswith(".") for folder in folders) or name.startswith(".")
    return not is_hidden or bool(_STORED_HIDDEN.fullmatch(name))


def _key(place: str, fingerprint: str) -> str:
    folder, slash, name = place.rpartition("/")
    match = _WITH_FINGERPRINT.fullmatch(name)
    return f"{folder}{slash}{match[1]}.{fingerprint}{match[3]}" if match and fingerprint else place


def _place_of(key: str) -> str:
    folder, slash, name = key.rpartition("/")
    match = _WITH_FINGERPRINT.fullmatch(name)
    return f"{folder}{slash}{match[1]}{match[3]}" if match else key


def _parents(place: str) -> Iterator[str]:
    while place := place.rpartition("/")[0]:
        yield place


def _is_below(place: str, folder: str) -> bool:
    return not folder or place.startswith(f"{folder}/")


def _first(entries: Iterable[Entry], count: int = 100) -> list[Entry]:
    return [entry for entry, _ in zip(entries, range(count), strict=False)]


def _taken(address: Address) -> Path:
    """A working folder for this process, with the journals of one that has ended, if there is one."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sdrrl-data" / "runs"
    root = cache / hashlib.sha256(str(address).encode()).hexdigest()[:16]
    path = root / uuid4().hex[:16]
    for other in sorted(root.iterdir()) if root.is_dir() else ():
        if _is_left(other):
            with suppress(OSError):
                other.rename(path)  # by one process only
                _clear(path)
                break
    path.mkdir(parents=True, exist_ok=True)
    (path / _PROCESS).write_bytes(this_process().written())
    atexit.register(_leave, path, os.getpid())
    return path


def _is_left(folder: Path) -> bool:
    """Whether the process that worked in a folder has ended."""
    try:
        holder: Holder | None = parsed((folder / _PROCESS).read_bytes())
    except OSError:
        return False
    return holder is not None and holder.lives() is False


def _leave(path: Path, pid: int) -> None:
    """Remove what is not needed, once the process ends."""
    if os.getpid() == pid:  # and not a fork of it
        _clear(path)
        if path.is_dir() and {file.name for file in path.iterdir()} <= {_PROCESS}:
            shutil.rmtree(path, ignore_errors=True)


def _clear(path: Path) -> None:
    """Remove everything but journals."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            if not _JOURNAL.fullmatch(name) and name != _PROCESS:
                Path(folder, name).unlink(missing_ok=True)
        with suppress(OSError):  # it is not empty
            Path(folder).rmdir()
