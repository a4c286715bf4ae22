"""What small local Hubs share: how an answer looks that the Hub's clients take for its own."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any


class HubHandler(BaseHTTPRequestHandler):
    """Answers with files and JSON; a `do_GET` says which."""

    commit = "a" * 40

    def do_HEAD(self) -> None:
        self.do_GET()  # type: ignore[attr-defined]

    def answer(self, status: int, body: Any, error: str | None = None) -> None:
        """Send bytes as they are, and all else as JSON; `error` is the Hub's word for what is wrong."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(206 if "Range" in self.headers else status)  # the whole file is what is asked for
        headers = {"Content-Length": len(content), "ETag": '"b"', "X-Repo-Commit": self.commit, "X-Error-Code": error}
        if "Range" in self.headers:
            headers["Content-Range"] = f"bytes 0-{len(content) - 1}/{len(content)}"
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass
