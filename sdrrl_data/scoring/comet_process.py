"""The environment in which COMET runs: the program that runs it, and the variables that it gets.

unbabel-comet needs numpy 1 and transformers 4, which cannot be installed beside vLLM. So its process has its own
environment.
"""

import os
import re
import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.processes.child_process import Start

WORKER = Path(__file__).with_name("comet_worker.py")
VERSION = "2.2.7"  # of unbabel-comet, in the environment that uv makes
# Variables that uv, torch and the dynamic linker read. Nothing else is passed on: COMET needs no token.
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
PROXIES = {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}  # also in lower case


def start(python: str | None) -> Start:
    """How to start COMET's process.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes an environment.

    Raises:
        UserError: there is no such interpreter, or no uv.
    """
    return Start([*command(python), str(WORKER)], environment(), foreign=True)


def command(python: str | None) -> list[str]:
    """The words to put before a script's path to run it in COMET's environment.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes an environment.

    Raises:
        UserError: there is no such interpreter, or no uv.
    """
    if python is not None:
        return [_interpreter(python)]
    uv = import_module("uv").find_uv_bin() if find_spec("uv") else shutil.which("uv")
    if not uv:
        raise NotInstalled(
            "uv makes the comet scorer's environment, and uv is not installed: run `pip install 'sdrrl-data[comet]'`, "
            "or name an interpreter that has unbabel-comet as the scorer's python",
            "comet",
        )
    return [uv, "run", "--no-project", "--script"]


def version(python: str | None) -> str:
    """The version of unbabel-comet that will run; an interpreter reports it without loading anything.

    Raises:
        UserError: there is no such interpreter, or it lacks unbabel-comet, or there is no uv.
    """
    if python is None:
        command(None)
        return VERSION
    code = "from importlib.metadata import version; print(version('unbabel-comet'))"
    done = subprocess.run([_interpreter(python), "-c", code], env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise NotInstalled(
            f"the comet scorer's python {python} has no unbabel-comet: "
            f"run `{python} -m pip install unbabel-comet=={VERSION}`, or leave python out, and uv makes an environment"
        )
    return done.stdout.strip()


def prepare(python: str | None) -> None:
    """Make the environment, if uv makes it and it is not there yet; this downloads about a gigabyte.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes an environment.

    Raises:
        UserError: there is no such interpreter, or no uv, or the packages cannot be downloaded.
    """
    if python is not None:
        version(python)
        return
    uv, *_ = command(None)
    sync = [uv, "sync", "--quiet", "--script", str(WORKER)]
    done = subprocess.run(sync, env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"uv cannot make the comet scorer's environment: {_reason(done.stderr)}")


def is_made() -> bool:
    """Whether uv has made the environment, with everything in it."""
    uv, *_ = command(None)
    check = [uv, "sync", "--quiet", "--offline", "--check", "--script", str(WORKER)]
    return subprocess.run(check, env=environment(), capture_output=True).returncode == 0


def _reason(output: str) -> str:
    """What uv says in its first two lines of an error: what failed, and why."""
    lines = [
        re.sub(r"^\W*((error|cause|caused by):)?\s*", "", line, flags=re.IGNORECASE) for line in output.splitlines()
    ]
    return ": ".join(list(filter(None, lines))[:2]).rstrip(".") or "it does not say why"


def _interpreter(python: str) -> str:
    interpreter = shutil.which(os.path.expanduser(python))
    if not interpreter:
        raise UserError(f"the comet scorer's python {python} is not a program that can be run")
    return interpreter


def environment() -> dict[str, str]:
    """The environment variables of the process: none that may hold a secret, and one against code in checkpoints."""
    from huggingface_hub import constants

    passed = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED or name.startswith(PASSED_PREFIXES) or name.upper() in PROXIES
    }
    return passed | {
        "HF_HUB_CACHE": constants.HF_HUB_CACHE,
        "HF_HUB_OFFLINE": "1",
        # A checkpoint is a pickle, which may run code; with this variable, torch loads nothing but weights.
        "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",
        "PYTHONWARNINGS": "ignore",  # the last lines of its output are shown as the reason if it dies
    }
