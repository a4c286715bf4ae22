"""`generate` on a server that fails, as a user types it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generation.server import ChatServer, Reply, completion, error

ANSWERS = {
    "What is the capital of France?": "The capital of France is Paris.\n\nIt lies on the river Seine.",
    "How do I make a cup of tea?": "1. Boil some water.\n2. Pour it over the leaves.\n3. Wait for **three minutes**.",
    "Why is the sky blue?": "The air scatters the blue light of the sun more than the red.",
    "Name a fruit that is yellow.": "A banana is yellow.",
    "Who wrote Hamlet?": "William Shakespeare wrote this play, probably in 1600.",
    "What does a baker do?": "A baker makes bread, rolls and cakes, and sells them in the morning.",
}
BAD = ("How do I make a cup of tea?", "Who wrote Hamlet?")
WORDS = [
    *("generate", "--recipe", "quickstart", "--seeds", "seeds.jsonl", "--model", "tiny"),
    *("--set", "parallel=null", "--set", "scorers=[length]", "--set", "thresholds={}", "--set", "part_rows=2"),
    *("--set", "generator.server.retries=0", "--set", "generator.server.concurrency=1"),
]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server with the answers.

    `refusing` is its reply to every question, `failing` to a bad one; `told` is called with each question.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    rows = ({"instruction": question} for question in ANSWERS)
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def script(body, tries):
        question = body["messages"][-1]["content"]
        server.told(question)
        bad = server.failing if question in BAD else None
        return server.refusing or bad or completion(ANSWERS.get(question, "Hello!"))

    server = ChatServer(script)
    server.refusing, server.failing, server.told = None, None, lambda question: None
    yield server
    server.stop()


def contents(out):
    """The bytes of each file; of a manifest, all but the command that began the run, here that of the tests."""
    files = {path for path in out.rglob("*") if path.is_file() and path.name != "timings.jsonl"}
    manifests = {path for path in files if path.name.endswith("manifest.json")}
    return {str(path.relative_to(out)): path.read_bytes() for path in files - manifests} | {
        str(path.relative_to(out)): json.loads(path.read_bytes()) | {"command": None, "digest": None}
        for path in manifests
    }


def test_a_run_on_a_faulty_server_that_was_killed_ends_as_on_a_good_one(invoke, server, tmp_path):
    words = [*WORDS, "--set", f"generator.server.url={server.url}", "--out"]
    good = invoke(*words, "good")
    assert good.exit_code == 0, good.stderr

    server.failing = Reply({"error": {"message": "Provider returned error", "code": 502}})
    program = Path(sys.executable).with_name("sdrrl-data")
    with subprocess.Popen([program, *words, "run"], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        server.told = lambda question: (
            question == "Name a fruit that is yellow." and os.kill(process.pid, signal.SIGKILL)
        )
    assert process.returncode == -signal.SIGKILL
    server.told = lambda question: None
    faulty = invoke(*words, "run", "--verbose")
    assert faulty.exit_code == 0, faulty.stderr
    assert (
        "answers: the server failed at 2 requests; `sdrrl-data generate --out run` asks again"
        in faulty.stderr.splitlines()
    )
    assert re.search(r"answers +6 +4 +2 ", faulty.stdout)
    assert re.search(r"answers +the server failed: Provider returned error \(HTTP 502\) +2\n", faulty.stdout)

    server.failing = None
    server.bodies.clear()
    last = invoke(*words, "run")
    assert last.exit_code == 0, last.stderr
    assert [body["messages"][-1]["content"] for body in server.bodies] == list(BAD)
    assert contents(tmp_path / "run") == contents(tmp_path / "good")


def test_refused_rows_are_asked_again_on_demand(invoke, server):
    words = [*WORDS, "--set", f"generator.server.url={server.url}", "--out", "run"]
    server.failing = error(403, "flagged")
    refused = invoke(*words, "--verbose")
    assert re.search(r"answers +the server refuses it: flagged \(HTTP 403\) +2\n", refused.stdout)
    assert "--retry-set-aside\n" in refused.stdout  # the command that asks for them again
    server.failing = None
    server.bodies.clear()
    assert re.search(r"answers +6 +3 +3 +0\n", invoke(*words, "--dry-run").stdout)
    dry = invoke(*words, "--retry-set-aside", "--dry-run").stdout
    assert re.search(r"answers +6 +3 +1 +2\n", dry)
    assert "answers    2 prompts, " in dry
    assert server.bodies == []
    again = invoke(*words, "--retry-set-aside", "--verbose")
    assert again.exit_code == 0, again.stderr
    assert re.search(r"answers +6 +6 +0 ", again.stdout)
    assert [body["messages"][-1]["content"] for body in server.bodies] == list(BAD)


def test_a_setting_that_the_server_refuses_is_one_sentence(invoke, server):
    words = [*WORDS, "--set", f"generator.server.url={server.url}", "--out", "run"]
    says = "Unsupported value: 'temperature' does not support 0.2 with this model.\x1b[2J"
    server.refusing = error(400, says)
    stopped = invoke(*words)
    assert stopped.exit_code == 1
    assert "Traceback" not in stopped.stderr
    assert "\x1b" not in stopped.stderr
    (line,) = [line for line in stopped.stderr.splitlines() if line.startswith("error: ")]
    assert line == (
        f"error: server {server.url}: Unsupported value: 'temperature' does not support 0.2 with this "
        "model.\ufffd[2J (HTTP 400): change the setting that it names, then run again; finished rows are kept"
    )


def test_damaged_files_are_named_moved_away_and_made_again_by_verify(invoke, server, tmp_path):
    words = [*WORDS, "--set", f"generator.server.url={server.url}", "--out", "run"]
    assert invoke(*words).exit_code == 0
    whole = contents(tmp_path / "run")
    damaged = [
        "answers/part-00001.parquet",
        "pt/aligner/part-00000.parquet",
        "pt/transfer_set/train-00000-of-00001.parquet",
    ]
    for name in damaged:
        path = tmp_path / "run" / name
        path.write_bytes(path.read_bytes()[:-1])
    server.bodies.clear()
    found = invoke("verify", "run")
    assert found.exit_code == 1
    assert [line for line in found.stderr.splitlines() if "damaged" in line] == [
        f"{name} is damaged" for name in damaged
    ]
    repaired = invoke("verify", "run", "--repair")
    assert repaired.exit_code == 0, repaired.stderr
    assert "all others were made again" in repaired.stdout
    assert "aligner/part-00000.parquet was moved away: it is learned again when new rows are made" in repaired.stdout
    assert len(server.bodies) == 2  # the questions of one part
    after = contents(tmp_path / "run")
    assert {f"damaged/{name}" for name in damaged} == {name for name in after if name.startswith("damaged/")}
    assert {name: after.get(name) for name in whole if "aligner" not in name} == {
        name: content for name, content in whole.items() if "aligner" not in name
    }
    assert invoke("verify", "run").exit_code == 0
