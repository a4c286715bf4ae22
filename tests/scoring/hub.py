"""A small Hub of datasets, and a process that uses it: the Hub's client reads its settings when it is imported."""

import json
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.hub import HubHandler


def dataset(licence: str, configs: dict[str, dict[str, list[Any]]]) -> dict[str, bytes]:
    """The files of a dataset: config -> split -> rows."""
    card: dict[str, Any] = {"license": licence, "configs": []}
    files = {}
    for config, splits in configs.items():
        paths = {split: f"{config}/{split}.jsonl" for split in splits}
        found = [{"split": split, "path": path} for split, path in paths.items()]
        card["configs"].append({"config_name": config, "data_files": found})
        files |= {
            paths[split]: "".join(json.dumps(row) + "\n" for row in rows).encode() for split, rows in splits.items()
        }
    return {"README.md": f"---\n{yaml.safe_dump(card)}---\n".encode(), **files}


class Hub(HubHandler):
    """Serves `datasets`; all of them may be looked at, those in `gated` may not be read."""

    commit = "d" * 40
    datasets: ClassVar[dict[str, dict[str, bytes]]] = {}
    gated: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = re.match(r"(?:/api)?/datasets/([^/]+/[^/]+)(?:/(.*))?$", path)
        name, rest = (found[1], found[2] or "") if found else ("", "")
        files = self.datasets.get(name)
        if files is None:
            self.answer(401, {}, "RepoNotFound")
        elif not path.startswith("/api/"):
            self._file(name, files, rest.removeprefix(f"resolve/{self.commit}/").removeprefix("resolve/main/"))
        elif rest == "auth-check":
            self.answer(*((403, {}, "GatedRepo") if name in self.gated else (200, {})))
        elif rest.startswith("tree/"):
            folder = rest.removeprefix(f"tree/{self.commit}").strip("/")
            self.answer(200, [self._entry(path, files) for path in files if path.startswith(folder)])
        else:
            card = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
            siblings = [{"rfilename": path} for path in files]
            gated = "manual" if name in self.gated else False
            self.answer(200, {"id": name, "sha": self.commit, "cardData": card, "gated": gated, "siblings": siblings})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        files = self.datasets[self.path.removeprefix("/api/datasets/").partition("/paths-info")[0]]
        self.answer(200, [self._entry(path, files) for path in files])

    def send_header(self, keyword: str, value: str) -> None:
        # Files with the same tag would be the same file to the client.
        super().send_header(keyword, f'"{zlib.crc32(self.path.encode())}"' if keyword == "ETag" else value)

    def _file(self, name: str, files: dict[str, bytes], path: str) -> None:
        if name in self.gated:
            self.answer(403, {}, "GatedRepo")
        elif path in files:
            self.answer(200, files[path])
        else:
            self.answer(404, {}, "EntryNotFound")

    def _entry(self, path: str, files: dict[str, bytes]) -> dict[str, Any]:
        return {"type": "file", "path": path, "size": len(files[path]), "oid": "b" * 40}


@contextmanager
def serving(datasets: dict[str, dict[str, bytes]], gated: set[str]) -> Iterator[str]:
    """A Hub of these datasets; gives its address."""
    handler = type("Serving", (Hub,), {"datasets": datasets, "gated": gated})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run(script: str, endpoint: str, home: Path, offline: bool = False) -> list[Any]:
    """What a script prints, each line as JSON, with this Hub and with this folder for what is fetched from it."""
    hub = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": str(int(offline)),
        "HF_HUB_DISABLE_XET": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | hub, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
