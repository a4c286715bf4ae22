"""A run goes on with what it began with, whatever has become of it on the Hub."""

import json
import os
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from sdrrl_data.run import Run
from tests.support.hub import HubHandler

ROLES = ("seeds", "parallel corpus", "generator")
QUESTIONS = [{"question": f"Why is the sky so very blue on day {day}?"} for day in range(9)]
ROWS = "\n".join(map(json.dumps, QUESTIONS)).encode()
PAIRS = [{"en": f"A blue sky, day {day}.", "pt": f"O céu, dia {day}.", "vi": f"Trời, ngày {day}."} for day in range(9)]


class Hub(HubHandler):
    """As much of the Hub as naming a model and reading a dataset takes; what is asked for by a branch has moved on."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        *_, revision = path.rpartition("/revision/")
        commit = revision if len(revision) == 40 else self.commit
        files = [{"rfilename": "model.safetensors"}, {"rfilename": "train.jsonl"}]
        rows = "\n".join(map(json.dumps, PAIRS)).encode() if "org/pairs" in path else ROWS
        if path.endswith("/train.jsonl"):
            self.answer(200, rows if "a" * 40 in path else rows.replace(b"blue", b"grey"))
        elif "/tree/" in path:
            self.answer(200, [{"type": "file", "path": "train.jsonl", "size": len(rows), "oid": "b" * 40}])
        elif path.startswith(("/api/models/org/model", "/api/datasets/org/tasks", "/api/datasets/org/pairs")):
            card = {"license": "cc-by-2.0"} if "org/pairs" in path else {}
            self.answer(200, {"id": path.split("/", 3)[3], "sha": commit, "siblings": files, "cardData": card})
        else:
            self.answer(404, {}, "EntryNotFound")


# Small models answer and translate, but which model it is, is found as always.
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from sdrrl_data import generation
from sdrrl_data.recipe import loading
from sdrrl_data.pipeline.generate import generate
from tests.support import small_models

models = replace(small_models.models(), identify_generator=generation.identify)
changes = {"seeds": {"source": "org/tasks"}, "generator.model": "org/model", "generator.engine": "transformers"}
changes |= {"parallel": {"source": "org/pairs"}, "tgt": sys.argv[3].split(",")}
recipe = loading.load("quickstart", small_models.CHANGES | changes | {"limit": int(sys.argv[2])})
generate(recipe, Path(sys.argv[1]), models)
"""


@pytest.fixture
def hub(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    Hub.commit = "a" * 40


def run(folder, limit, endpoint, tgt="pt"):
    """In a process of its own, for the Hub's client reads its settings when it is imported."""
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, folder / "run", str(limit), tgt],
        cwd=Path(__file__).parents[2],
        env=os.environ | settings | {"HF_HUB_DISABLE_XET": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    manifest = Run(folder / "run").manifest()
    assert [i.licence for i in manifest.ingredients if i.role == "parallel corpus"] == ["cc-by-2.0"]
    return {i.role: i.revision for i in manifest.ingredients if i.role in ROLES}


def test_what_was_taken_from_the_hub_is_taken_from_there_again(hub, tmp_path):
    endpoint = f"http://127.0.0.1:{hub.server_port}"
    began = dict.fromkeys(ROLES, "a" * 40)
    assert run(tmp_path, 4, endpoint) == began
    Hub.commit = "d" * 40  # somebody pushes to both repositories
    assert run(tmp_path, 7, endpoint, "pt,vi") == began
    questions = Run(tmp_path / "run").table("seeds").read_all()
    assert questions.height == 7
    assert all("blue" in messages[-1]["content"] for messages in questions["messages"])
    assert questions["source"].str.starts_with(f"org/tasks@{'a' * 40}:").all()
    for table in ("pt/parallel", "vi/parallel"):
        pairs = Run(tmp_path / "run").table(table).read_all()
        assert pairs.height == 9
        assert all("blue" in text for text in pairs["src"])
        assert pairs["source"][0] == f"org/pairs@{'a' * 40}:1"
    # With the same seeds, the Hub is not needed at all.
    assert run(tmp_path, 7, "http://127.0.0.1:9") == began
