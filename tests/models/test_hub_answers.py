"""An answer that is not one of the Hub's is one sentence."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

WHOLE = {"id": "ann/set", "sha": "0" * 40, "siblings": [], "private": False, "gated": False, "tags": []}


@pytest.fixture
def endpoint():
    """Answers every question with the same JSON; returns its address and what it answers."""
    answers = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps(answers[-1]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


SCRIPT = """
import sys
from sdrrl_data import UserError, pull
try:
    pull("ann/set", sys.argv[1])
except UserError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        {key: value for key, value in WHOLE.items() if key != "id"},
        {key: value for key, value in WHOLE.items() if key != "sha"},
        WHOLE | {"sha": "main"},
        WHOLE | {"siblings": [{}]},
        WHOLE | {"siblings": [{"rfilename": "a", "lfs": {}}]},
        WHOLE | {"siblings": 5},
        WHOLE | {"cardData": [1]},
        WHOLE | {"lastModified": "yesterday"},
    ],
    ids=range(11),
)
def test_an_answer_that_lacks_a_field(endpoint, tmp_path, answer):
    address, answers = endpoint
    answers.append(answer)
    variables = {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "out"], env=os.environ | variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert done.stdout.split(" ")[0] in {"HubUnavailable", "NotARun"}
