"""The finished rows of a part that is not finished yet."""

import json
import logging
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sdrrl_data.run.disk import on_disk


class Journal:
    """The finished rows of a part that is not finished yet, so that a crash loses at most half a second of work.

    `rows` holds the rows that an earlier run finished, by key.
    """

    FLUSH = 0.5  # seconds between two writes

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._head = fingerprint.encode() + b"\n"
        self._file: BinaryIO | None = None
        self._flushed = 0.0
        self.rows: dict[str, Any] = {}
        self._length = 0  # bytes of complete lines: the last line may be cut off
        if path.exists():
            self._read(path.read_bytes())

    def add(self, key: str, value: Any) -> None:
        """Store a row: any value that JSON can hold."""
        with on_disk(self._path):
            if self._file is None:
                self._file = self._open()
            line = json.dumps([key, value], ensure_ascii=False).encode()
            self._file.write(b"%s\t%08x\n" % (line, zlib.crc32(line)))
            if time.monotonic() > self._flushed + self.FLUSH:
                self._file.flush()
                self._flushed = time.monotonic()

    def take_up(self, rows: Mapping[str, Any]) -> None:
        """Store finished rows of other journals; rows that it has stay."""
        for key, value in rows.items():
            if key not in self.rows:
                self.add(key, value)
                self.rows[key] = value

    def close(self) -> None:
        """Write the rows that were added since the last write."""
        if self._file:
            with on_disk(self._path):
                self._file.close()

    def _read(self, content: bytes) -> None:
        if not content.startswith(self._head):
            return  # rows made with other settings
        self._length = content.rfind(b"\n") + 1
        lines = content[len(self._head) : self._length].split(b"\n")[:-1]
        rows = [row for row in map(_row, lines) if row]
        self.rows = dict(rows)
        if damaged := len(lines) - len(rows):
            logging.getLogger(__name__).warning(
                "%s: %s of its %s lines are damaged; their rows are made again", self._path, damaged, len(lines)
            )

    def _open(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("r+b" if self._length else "w+b")
        file.truncate(self._length)
        file.seek(self._length)
        if not self._length:
            file.write(self._head)
        return file


def _row(line: bytes) -> tuple[str, Any] | None:
    """The key and the value in a line; None if it is damaged. Lines of 0.2.0 have no checksum."""
    content, tab, checksum = line.partition(b"\t")
    if tab and checksum != b"%08x" % zlib.crc32(content):
        return None
    try:
        key, value = json.loads(content)
    except (ValueError, TypeError, RecursionError):
        return None
    return (key, value) if isinstance(key, str) else None


def head_of(path: Path) -> str | None:
    """The fingerprint of the part that a journal is for; None if there is no journal."""
    try:
        with path.open("rb") as file:
            head = file.readline(100)
    except OSError:
        return None
    return head.decode(errors="replace").rstrip("\n") if head.endswith(b"\n") else None
