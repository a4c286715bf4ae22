"""How the tests' Hub takes a request: it is logged, goes wrong where it is to go wrong, and is answered."""

import json
import re
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.support.hub import reading, writing
from tests.support.hub.routes import Refused, Reply, Request, Routes, reply

if TYPE_CHECKING:
    from tests.support.hub import Hub

PIECE = 1 << 14  # bytes that are read at once
ROUTES = Routes([*reading.route, *writing.route])
UNKNOWN = Refused(401, "Invalid credentials in Authorization header").reply


@dataclass
class Asked:
    """A line of the log."""

    method: str
    path: str  # with what follows a question mark
    user: str | None
    received: int = 0  # bytes of the body that have arrived
    status: int = 0  # 0: no answer was given, or not yet, or not whole


@dataclass
class Fault:
    """What is to go wrong with requests that fit: the first `skip` of them pass, the next `times` do not."""

    method: str
    pattern: str
    times: int
    skip: int
    status: int | None = None  # answered instead; None: the connection is closed hard
    headers: Mapping[str, str] = field(default_factory=dict)
    done: bool = False  # what was asked is done, and only the answer is lost
    holding: threading.Event | None = None  # set in the middle; then nothing more happens until the client is gone

    @property
    def halves(self) -> bool:
        """Whether the connection breaks in the middle of what is sent or read."""
        return self.status is None and not self.done

    def hits(self, method: str, path: str) -> bool:
        if method != self.method or not self.times or not re.search(self.pattern, path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Handler(BaseHTTPRequestHandler):
    """Handles the requests of a Hub."""

    hub: "Hub"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        asked = Asked(self.command, self.path, self.hub.users.get(token))
        with self.hub.lock:
            self.hub.log.append(asked)
            fault = next((fault for fault in self.hub.faults if fault.hits(asked.method, asked.path)), None)
        size = int(self.headers.get("Content-Length", 0))
        if fault and fault.halves and size:
            self._read(asked, size // 2)
            self._break_off(fault)
            return
        body = self._read(asked, size)
        if len(body) < size:
            return  # the client is gone
        if fault is None or fault.halves or fault.done:
            method = "GET" if asked.method == "HEAD" else asked.method
            request = Request(method, path, dict(parse_qsl(query)), asked.user, body)
            with self.hub.lock:
                answer = reply(ROUTES, self.hub, request) if asked.user or not token else UNKNOWN
        if fault and fault.status is not None:
            answer = Reply(fault.status, {"error": "out of order"}, fault.headers)
        with suppress(ConnectionError):
            if fault is None or fault.status is not None:
                asked.status = answer.status
                self._answer(answer)
            elif fault.halves:
                self._answer(answer, half=True)
        if fault and fault.status is None:
            self._break_off(fault)

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self, answer: Reply, half: bool = False) -> None:
        """Send an answer; `half`: stop in the middle of its content."""
        content = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
        status, headers = answer.status, {"ETag": '"b"', "X-Repo-Commit": "", **answer.headers}
        if status == 200 and "Range" in self.headers:
            status, content, headers["Content-Range"] = _part(content, self.headers["Range"])
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if half else content)

    def _read(self, asked: Asked, size: int) -> bytes:
        """So many bytes of the body, or fewer where the client is gone."""
        body = bytearray()
        with suppress(ConnectionError):
            while len(body) < size and (piece := self.rfile.read(min(PIECE, size - len(body)))):
                body += piece
                asked.received = len(body)
        return bytes(body)

    def _break_off(self, fault: Fault) -> None:
        """Wait until the client is gone, where it is to be held, and close the connection hard."""
        if fault.holding is not None:
            fault.holding.set()
            with suppress(ConnectionError):
                while self.rfile.read1(PIECE):
                    pass
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _part(content: bytes, asked: str) -> tuple[int, bytes, str]:
    """Status, bytes and Content-Range for a Range of one piece: `bytes=0-9`, `bytes=10-` or `bytes=-5`."""
    size = len(content)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= size:
        return 416, b"", f"bytes */{size}"
    return 206, content[start:end], f"bytes {start}-{end - 1}/{size}"
