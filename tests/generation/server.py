"""A server that speaks OpenAI's chat-completions protocol; what it answers is the test's own function."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Reply(NamedTuple):
    body: Any  # a text, bytes, or what JSON can hold
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012


def completion(text: str | None, finish_reason: str = "stop", **message: Any) -> Reply:
    """What a model says, as the protocol has it."""
    return Reply(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "tiny",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, **message},
                    "finish_reason": finish_reason,
                }
            ],
            "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        }
    )


def error(status: int, message: str, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    """A refusal, as the protocol has it."""
    return Reply({"error": {"message": message, "type": "error", "param": None, **fields}}, status, headers or {})


Script = Callable[[dict[str, Any], int], Reply | None]
"""From a request's body, and how many times its last message has come before, to the reply; None breaks the line."""


class ChatServer:
    """Serves the model "tiny" on a free port of this machine, a thread a connection."""

    def __init__(self, script: Script, models: Reply | None = None) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []  # by lower-case names
        self.queries: list[str] = []  # of all addresses that were asked for
        self.most_under_way = 0
        self._script = script
        self._models = models or Reply(
            {"object": "list", "data": [{"id": "tiny", "object": "model", "created": 1, "owned_by": "vllm"}]}
        )
        self._under_way = 0
        self._tries: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._gone = False
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def stop(self) -> None:
        """Accept nothing more, and answer nothing on the connections that are open."""
        self._gone = True
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _reply(self, body: dict[str, Any]) -> Reply | None:
        question = body["messages"][-1]["content"]
        with self._lock:
            self.bodies.append(body)
            tries = self._tries[question]
            self._tries[question] += 1
            self._under_way += 1
            self.most_under_way = max(self.most_under_way, self._under_way)
        try:
            return self._script(body, tries)
        finally:
            with self._lock:
                self._under_way -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(server._models if self._place() == "/v1/models" else error(404, "Not Found"))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                known = self._place() == "/v1/chat/completions"
                self._send(server._reply(json.loads(body)) if known else error(404, "Not Found"))

            def _place(self) -> str:
                place, _, query = self.path.partition("?")
                server.queries.append(query)
                return place

            def _send(self, reply: Reply | None) -> None:
                if reply is None or server._gone:
                    self.close_connection = True
                    return
                text = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
                body = text if isinstance(text, bytes) else text.encode()
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
                self.send_response(reply.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                try:
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # the client gave up
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
