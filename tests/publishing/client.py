"""A process that pushes and pulls, and small runs for it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import Recipe, loading
from sdrrl_data.run import Manifest, Run
from tests.support import hub, small_models

SCRIPT = """
import json, os, sys

os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
from sdrrl_data import UserError, pull, push
from sdrrl_data.protocols import Silent

class Listener(Silent):
    def say(self, sentence):
        said.append(sentence)

for line in sys.stdin:
    asked, said = json.loads(line), []
    os.environ["HF_TOKEN"] = asked.pop("token", "ann's")
    try:
        if "run" in asked:
            done = push(asked.pop("run"), asked.pop("repo"), **asked, reporter=Listener())
        else:
            done = pull(asked.pop("pull"), asked.pop("out"), **asked, reporter=Listener())
        print(json.dumps(done._asdict() | {"said": said, "error": None}, default=str), flush=True)
    except UserError as error:
        print(json.dumps({"error": str(error), "code": error.exit_code, "said": said}), flush=True)
"""
Asked = dict[str, Any]  # the arguments of `push` (`run`, ...), or those of `pull` (`pull` for `repo`, ...)


class Client:
    """Pushes and pulls as ann, one after the other, in one process: starting one takes longer than to push."""

    def __init__(self, served: hub.Hub, home: Path) -> None:
        self._environment = served.environment(home, "ann's")
        self._process = self._start()

    def ask(self, *asked: Asked) -> list[Any]:
        """What became of each."""
        return [self._answer(request) for request in asked]

    def start(self, asked: Asked) -> "subprocess.Popen[str]":
        """Begin something in a process of its own, and do not wait for it."""
        process = self._start()
        _send(process, asked)
        return process

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _start(self) -> "subprocess.Popen[str]":
        words = [sys.executable, "-c", SCRIPT]
        return subprocess.Popen(words, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _answer(self, asked: Asked) -> Any:
        _send(self._process, asked)
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def _send(process: "subprocess.Popen[str]", asked: Asked) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(asked, default=str) + "\n")
    process.stdin.flush()


@contextmanager
def serving(home: Path) -> Iterator[tuple[hub.Hub, Client]]:
    """A Hub that ann may write to, and her client."""
    with hub.serving() as served:
        served.user("ann's", "ann")
        client = Client(served, home)
        try:
            yield served, client
        finally:
            client.close()


def recipe(folder: Path, **changes: Any) -> Recipe:
    """Thirty questions in a folder; English to Portuguese, in parts of eight rows."""
    folder.mkdir(parents=True, exist_ok=True)
    things = [
        f"the {kind} {thing}" for kind in ("old", "new", "red") for thing in ("inn", "well", "mill", "barn", "yard")
    ]
    asked = [f"Why do you think that {thing} is {how} than mine?" for thing in things for how in ("larger", "nicer")]
    seeds = [{"instruction": question, "output": "Who knows."} for question in asked] + [{"instruction": "How? " * 90}]
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in seeds), encoding="utf-8")
    (folder / "pairs.tsv").write_text("\n".join(f"{text}\t{text.upper()}" for text in asked[:8]), encoding="utf-8")
    changed = {
        "tgt": ["pt"],
        "seeds.source": str(folder / "seeds.jsonl"),
        "seeds.licence": "cc-by-4.0",
        "parallel.source": str(folder / "pairs.tsv"),
        "parallel.licence": "cc-by-4.0",
        "generator.model": str(folder / "model"),
        "generator.max_tokens": 40,
        "generator.max_model_len": 100,
        "part_rows": 8,
    }
    return loading.load("quickstart", small_models.CHANGES | changed | changes)


def make_run(recipe: Recipe, out: Path) -> tuple[Run, Manifest]:
    """A run by small models."""
    return Run(out), generate(recipe, out, small_models.models())


class Steps(Silent):
    """Tells which steps had something to do."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        self.names.append(what)
