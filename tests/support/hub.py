"""What small local Hubs share: how an answer looks that the Hub's clients take for its own."""

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any


class HubHandler(BaseHTTPRequestHandler):
    """Answers with files and JSON; a `do_GET` says which."""

    commit = "a" * 40

    def do_HEAD(self) -> None:
        self.do_GET()  # type: ignore[attr-defined]

    def answer(
        self,
        status: int,
        body: Any,
        error: str | None = None,
        headers: Mapping[str, str] | None = None,
        half: bool = False,
    ) -> None:
        """Send bytes as they are, and all else as JSON; `error` is the Hub's word for what is wrong.

        `half`: stop in the middle of the content.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"ETag": '"b"', "X-Repo-Commit": self.commit} | ({"X-Error-Code": error} if error else {})
        said |= headers or {}
        if status == 200 and "Range" in self.headers:
            status, content, said["Content-Range"] = _part(content, self.headers["Range"])
        self.send_response(status)
        for name, value in (said | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if half else content)

    def log_message(self, *args: Any) -> None:
        pass


def _part(content: bytes, asked: str) -> tuple[int, bytes, str]:
    """Status, bytes and Content-Range for a Range of one piece: `bytes=0-9`, `bytes=10-` or `bytes=-5`."""
    size = len(content)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= size:
        return 416, b"", f"bytes */{size}"
    return 206, content[start:end], f"bytes {start}-{end - 1}/{size}"
