"""The environment in which COMET runs: what runs it, and which variables it gets.

unbabel-comet asks for numpy 1 and transformers 4, which no environment has beside vLLM. So its process has an
environment of its own.
"""

import os
import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.processes.child_process import Start

WORKER = Path(__file__).with_name("comet_worker.py")
VERSION = "2.2.7"  # of unbabel-comet, in the environment that uv makes
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


def start(python: str | None) -> Start:
    """How COMET's process is started.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes its environment.

    Raises:
        UserError: there is no such interpreter, or no uv.
    """
    return Start([*command(python), str(WORKER)], environment(), foreign=True)


def command(python: str | None) -> list[str]:
    """What to put before a script's name so that it runs where COMET is.

    Args:
        python: an interpreter that has unbabel-comet; None: uv makes its environment.

    Raises:
        UserError: there is no such interpreter, or no uv.
    """
    if python is not None:
        return [_interpreter(python)]
    uv = import_module("uv").find_uv_bin() if find_spec("uv") else shutil.which("uv")
    if not uv:
        raise NotInstalled(
            "the comet scorer's environment is made by uv, which is not here: run `pip install 'sdrrl-data[comet]'`, "
            "or name an interpreter that has unbabel-comet as the scorer's python",
            "comet",
        )
    return [uv, "run", "--no-project", "--script"]


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
    interpreter = shutil.which(Path(python).expanduser())
    if not interpreter:
        raise UserError(f"the comet scorer's python {python} is not a program that can be run")
    return interpreter


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
