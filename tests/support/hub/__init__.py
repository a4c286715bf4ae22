"""A small Hub that the real clients write to and read from, on 127.0.0.1: the only one that the tests have.

    with hub.serving() as served:
        served.user("token", "ann")
        served.fail("POST", "/commit/", 429, retry_after=1)
        (said,) = served.run(SCRIPT, home, "token")
        assert served.repos["datasets/ann/set"].files()["README.md"]

A client runs in a process of its own, for it reads its settings when it is imported.
"""

import json
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support import forks
from tests.support.hub.handler import MIRROR, Asked, Fault, Handler
from tests.support.hub.repo import LARGE, File, Repo

NOWHERE = "http://127.0.0.1:9"  # nothing answers there


class ScriptFailed(Exception):
    """A script has ended by an error, which it has shown, or by a signal."""


class Upload(NamedTuple):
    oid: str  # SHA-256
    received: int  # bytes
    whole: bool


class Hub:
    """Repositories, users, what was asked, and what is to go wrong."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.repos: dict[str, Repo] = {}  # "datasets/owner/name" or "models/owner/name" -> what is there
        self.users: dict[str, str] = {}  # token -> name
        self.log: list[Asked] = []  # in the order in which they came; may be cleared
        self.faults: list[Fault] = []
        self.lock = threading.Lock()

    def user(self, token: str, name: str) -> None:
        """Let a user in, who may write to repositories of that name."""
        self.users[token] = name

    def add(
        self, key: str, files: Mapping[str, bytes], *, private: bool = False, gated: bool = False, sha: str = ""
    ) -> Repo:
        """Have a repository stand there from the start; key: "datasets/owner/name" or "models/owner/name"."""
        kind, _, name = key.partition("/")
        repo = self.repos[key] = Repo(kind, name, private, gated)
        tree = {path: File(content, path.endswith(LARGE)) for path, content in files.items()}
        repo.blobs |= {file.sha256: file.content for file in tree.values() if file.lfs}
        repo.commit("refs/heads/main", None, "initial commit", tree, sha)
        return repo

    def asked(self, method: str, pattern: str) -> list[Asked]:
        """The lines of the log that fit: a method, and a regular expression that is found in the path."""
        return [asked for asked in self.log if asked.method == method and re.search(pattern, asked.path)]

    @property
    def uploads(self) -> list[Upload]:
        """The large files that were sent, whole or in part."""
        puts = self.asked("PUT", "^/lfs/")
        return [Upload(asked.path.rpartition("/")[2], asked.received, asked.status == 200) for asked in puts]

    def fail(
        self,
        method: str,
        pattern: str,
        status: int,
        *,
        times: int = 1,
        skip: int = 0,
        retry_after: int | None = None,
        done: bool = False,
    ) -> None:
        """Answer the next `times` requests that fit with a status; `done`: after having done what was asked.

        `retry_after`: seconds to wait, told to the client. `skip`: so many that fit pass before.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.faults.append(Fault(method, pattern, times, skip, status, headers, done))

    def cut(self, method: str, pattern: str, *, times: int = 1, skip: int = 0, done: bool = False) -> None:
        """Close the connection hard after half of what is sent, or of what is read where nothing is sent.

        `done`: after having done all that was asked, without an answer.
        """
        self.faults.append(Fault(method, pattern, times, skip, done=done))

    def hold(self, method: str, pattern: str, *, skip: int = 0) -> threading.Event:
        """Go no further than half of what is sent, or of what is read where nothing is sent.

        Gives what is set when that is reached, so that the client can be killed there.
        """
        reached = threading.Event()
        self.faults.append(Fault(method, pattern, 1, skip, holding=reached))
        return reached

    def environment(self, home: Path, token: str | None = None) -> dict[str, str]:
        """The variables for a client's process; `home`: its folder for what it fetches."""
        return environment(self.endpoint, home, token)

    @property
    def mirror(self) -> str:
        """Another address of the Hub, with a path."""
        return self.endpoint + MIRROR

    def run(self, script: str, home: Path, token: str | None = None, *arguments: str) -> list[Any]:
        """What a Python script prints, each line as JSON."""
        return run(script, self.environment(home, token), *arguments)


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their paths in it, to `add` them."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def jsonl(rows: Iterable[Any]) -> bytes:
    """Rows as a file has them, one a line."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def dataset(licence: str, configs: Mapping[str, Mapping[str, Iterable[Any]]]) -> dict[str, bytes]:
    """The files of a dataset: config -> split -> rows."""
    card: dict[str, Any] = {"license": licence, "configs": []}
    files: dict[str, bytes] = {}
    for config, splits in configs.items():
        paths = {split: f"{config}/{split}.jsonl" for split in splits}
        data_files = [{"split": split, "path": path} for split, path in paths.items()]
        card["configs"].append({"config_name": config, "data_files": data_files})
        files |= {paths[split]: jsonl(rows) for split, rows in splits.items()}
    return {"README.md": f"---\n{yaml.safe_dump(card)}---\n".encode(), **files}


def environment(endpoint: str, home: Path, token: str | None = None) -> dict[str, str]:
    """The variables for a process that finds the Hub at an endpoint; none of the caller's own settings are left."""
    variables = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_OFFLINE": "0",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    return others | variables | ({"HF_TOKEN": token} if token else {})


def offline(home: Path) -> dict[str, str]:
    """The variables for a process that is not to ask the Hub, and has what was fetched before into its folder."""
    return environment(NOWHERE, home) | {"HF_HUB_OFFLINE": "1"}


def run(script: str, variables: Mapping[str, str], *arguments: str) -> list[Any]:
    """What a Python script prints in a process of its own, each line as JSON.

    Raises:
        ScriptFailed: it has not come to its end.
    """
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as printed:
        if code := forks.run(_run, script, arguments, printed.name, variables=variables):
            raise ScriptFailed(f"exit code {code}")
        return [json.loads(line) for line in printed]


def _run(script: str, arguments: Iterable[str], printed: str) -> None:
    sys.argv = ["-c", *map(str, arguments)]
    with open(printed, "w", encoding="utf-8") as file, redirect_stdout(file):
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})


@contextmanager
def serving() -> Iterator[Hub]:
    """A Hub without users and repositories, for as long as the block runs."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
