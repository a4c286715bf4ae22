"""A server that speaks S3's protocol, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sdrrl_data.stores import Store, address_of

BUCKET = "bucket"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "very-secret-key", "AWS_REGION": "us-east-1"}


class Server:
    """moto's server on a port of this machine. What it holds is lost when it ends."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "AWS_ALLOW_HTTP": "true", **KEYS}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            assert self._process.poll() is None
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            time.sleep(0.05)

    @contextmanager
    def closed_for(self, seconds: float) -> Iterator[None]:
        """Let nobody in for a while, as of now."""
        self._process.send_signal(signal.SIGSTOP)
        timer = threading.Timer(seconds, self._process.send_signal, [signal.SIGCONT])
        timer.start()
        yield
        timer.join()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def empty(self) -> None:
        """Begin with an empty bucket."""
        self.ask("POST", "moto-api/reset")
        self.ask("PUT", BUCKET)

    def ask(self, method: str, path: str, content: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", content, method=method)
        with urllib.request.urlopen(request) as response:
            return response.read()


@contextmanager
def server() -> Iterator[Server]:
    running = Server()
    try:
        yield running
    finally:
        running.stop()


def objects(address: str) -> dict[str, bytes]:
    """Every object of a run with its content, except the recorded times, by the name of its file."""
    store = Store(address_of(address))
    keys = [entry.key for entry in store.list()]
    contents = {key: store.read(key)[0] for key in keys if not Path(key).name.startswith("timings")}
    return {file_of(key): content for key, content in contents.items()}


def file_of(key: str) -> str:
    """The file of an object: a part has its fingerprint in the object's name."""
    stem, _, ending = key.rpartition(".")
    return f"{stem.rpartition('.')[0] or stem}.{ending}" if ending == "parquet" and "." in Path(stem).name else key


def forget_folders() -> None:
    """Work from now on as a new process would."""
    from sdrrl_data import shown
    from sdrrl_data.run import working_folder

    for folder in working_folder._open.values():
        working_folder._leave(folder.path, os.getpid())
    working_folder._open.clear()
    shown.ADDRESSES.clear()
