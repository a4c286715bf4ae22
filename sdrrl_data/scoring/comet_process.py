"""The process in which COMET runs, seen from the run: how it is started, spoken to and ended.

unbabel-comet asks for numpy 1 and transformers 4, which no environment has beside vLLM. So the process has an
environment of its own, and is spoken to in lines of JSON.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.processes.child_process import let_ctrl_c_through

WORKER = Path(__file__).with_name("comet_worker.py")
VERSION = "2.2.7"  # of unbabel-comet, in the environment that uv makes
PATIENCE = 5.0  # seconds that a process is given to end by itself
LAST_LINES = 3  # of what it said that are worth showing
# What uv, torch and the dynamic linker go by. Nothing else is passed on: COMET needs no token.
PASSED = {"HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"}
PASSED_PREFIXES = (
    "CUDA_",
    "HIP_",
    "HSA_",
    "LC_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "PYTORCH_",
    "ROCR_",
    "SSL_",
    "UV_",
    "XDG_",
)
PROXIES = {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}  # also written small


def command(python: str | None) -> list[str]:
    """What to put before a script's name so that it runs where COMET is.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes its environment.

    Raises:
        UserError: there is no such interpreter, or no uv.
    """
    if python is not None:
        return [_interpreter(python)]
    found = import_module("uv").find_uv_bin() if find_spec("uv") else shutil.which("uv")
    if not found:
        raise NotInstalled(
            "the comet scorer's environment is made by uv, which is not here: run `pip install 'sdrrl-data[comet]'`, "
            "or name an interpreter that has unbabel-comet as the scorer's python",
            "comet",
        )
    return [found, "run", "--no-project", "--script"]


def version(python: str | None) -> str:
    """The version of unbabel-comet that will run; an interpreter is asked for it without loading anything.

    Raises:
        UserError: there is no such interpreter, or it lacks unbabel-comet, or there is no uv.
    """
    if python is None:
        command(None)
        return VERSION
    asked = "from importlib.metadata import version; print(version('unbabel-comet'))"
    done = subprocess.run([_interpreter(python), "-c", asked], env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise NotInstalled(
            f"the comet scorer's python {python} has no unbabel-comet: "
            f"run `{python} -m pip install unbabel-comet=={VERSION}`, or leave python out, and uv makes an environment"
        )
    return done.stdout.strip()


def _interpreter(python: str) -> str:
    found = shutil.which(Path(python).expanduser())
    if not found:
        raise UserError(f"the comet scorer's python {python} is no program that can be run")
    return found


def environment() -> dict[str, str]:
    """The environment variables of the process: none that may hold a secret, and what keeps a checkpoint from harm."""
    from huggingface_hub import constants

    passed = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED or name.startswith(PASSED_PREFIXES) or name.upper() in PROXIES
    }
    return passed | {
        "HF_HUB_CACHE": constants.HF_HUB_CACHE,
        "HF_HUB_OFFLINE": "1",
        # A checkpoint is a pickle, which may run code; with this, whoever loads it, torch takes nothing but weights.
        "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",
        "PYTHONWARNINGS": "ignore",  # what it last said is to be what it died of
    }


class CometProcess:
    """One such process. Ctrl-C does not reach it; it ends when its input does, so also when the run is gone."""

    def __init__(self, runner: Sequence[str], folder: Path) -> None:
        """Start it, and do not wait until the model is loaded.

        Args:
            runner: what `command` gives.
            folder: of the model's checkpoint.
        """
        self._said = TemporaryFile()  # noqa: SIM115 - it goes when this object does
        self._process = subprocess.Popen(
            [*runner, str(WORKER), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment(),
            start_new_session=True,
            text=True,
        )

    def ask(self, batch: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
        """Have a batch of (source, translation) scored, and wait for the answer. None where the process is gone."""
        assert self._process.stdin
        with suppress(OSError):  # it is gone, as `receive` is about to tell
            print(json.dumps(batch), file=self._process.stdin, flush=True)
        return self.receive()

    def receive(self) -> dict[str, Any] | None:
        """Its next message (see comet_worker.py); waits for it. None where the process is gone."""
        assert self._process.stdout
        let_ctrl_c_through()
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    def end(self) -> str:
        """Close its input and wait for it to end; killed if it takes too long. Says how it ended."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # uv and what it runs
        code = self._process.wait()
        # uv says as a shell does which signal ended what it ran.
        number = -code if code < 0 else code - 128
        return signal.Signals(number).name if number in list(signal.Signals) else f"exit code {code}"

    def last_words(self) -> str:
        """A sentence with the last lines that it wrote to its standard error."""
        self._said.seek(0)
        lines = list(filter(None, map(str.strip, self._said.read().decode(errors="replace").splitlines())))
        return f"It last said: {' / '.join(lines[-LAST_LINES:])}" if lines else "It said nothing"
