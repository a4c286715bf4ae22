"""Python with packages of others that cannot or need not be installed beside ours."""

import os
import subprocess
import sys
from pathlib import Path


def python_with(*packages: str) -> list[str] | None:
    """The command of an interpreter that has these packages, in an environment that uv makes and keeps in its cache.

    Where they cannot be installed, as without a network, says so in one sentence and returns None.
    """
    uv = Path(sys.executable).with_name("uv")  # of the extra `comet`
    command = [str(uv), "run", "--quiet", "--no-project", *(f"--with={package}" for package in packages), "python"]
    environment = {"UV_HTTP_TIMEOUT": "15"} | os.environ
    try:
        subprocess.run([*command, "-c", ""], env=environment, stderr=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError:
        reason = f"there is no {uv}"
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())[:200]
    else:
        return command
    print(f"Not compared with {', '.join(packages)}, which could not be installed: {reason}", flush=True)
    return None
