"""A COMET model without weights, and a stand-in for the interpreter of COMET's environment."""

import sys
from pathlib import Path

# Its scores lie around 0, and long sentences have low ones.
PYTHON = """#!{python}
import json, sys
from multiprocessing.connection import Connection

if sys.argv[1] == "-c":
    sys.exit(print("2.2.7"))
connection = Connection(int(sys.argv[2]))
receive = lambda: json.loads(connection.recv_bytes())
send = lambda *message: connection.send_bytes(json.dumps(message).encode())
receive()
send("ready", 2)
while message := receive():
    _, number, batch = message
    send("done", number, [(50 - len(source)) / 25 for source, _ in batch])
"""


def write_checkpoint(folder: Path) -> Path:
    """The files of a model of the class that needs no reference, and nothing in its weights."""
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text("class_identifier: referenceless_regression_metric")
    (folder / "checkpoints" / "model.ckpt").write_bytes(b"weights")
    return folder


def write_python(file: Path) -> Path:
    """The stand-in."""
    file.write_text(PYTHON.format(python=sys.executable))
    file.chmod(0o755)
    return file
