"""The machine: Python, cores, memory, the room on its disks."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sdrrl_data.doctor.check import Check
from sdrrl_data.processes.child_process import cores

SUPPORTED = ((3, 11), (3, 13))  # versions of Python on which the tests run
LEAST_MEMORY = 2  # GB, for the quickstart
LEAST_ROOM = 5  # GB, for the quickstart's environment and its run


def checks() -> Iterator[Check]:
    """Python, cores, memory, and the disks of the working directory and of the Hub's cache."""
    from huggingface_hub import constants

    yield _python()
    yield Check("cores", "ok", f"{cores()} that this process may use")
    if memory := _memory():
        yield _enough("memory", memory, LEAST_MEMORY, "in all", "use a machine with more, or smaller models")
    for name, folder in (("disk", Path.cwd()), ("disk of the cache", Path(constants.HF_HOME))):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        says = f"free under {existing}"
        yield _enough(name, shutil.disk_usage(existing).free, LEAST_ROOM, says, "make room, or use another disk")


def _python() -> Check:
    version = sys.version_info[:2]
    says = f"{platform.python_version()} ({sys.executable})"
    if SUPPORTED[0] <= version <= SUPPORTED[1]:
        return Check("Python", "ok", says)
    wanted = " to ".join(".".join(map(str, bound)) for bound in SUPPORTED)
    return Check("Python", "broken", f"{says}: the tests run on {wanted}", f"make an environment with Python {wanted}")


def _memory() -> int | None:
    """Bytes; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _enough(name: str, size: int, least: int, says: str, remedy: str) -> Check:
    """Whether a size in bytes is large enough."""
    gigabytes = size / 1e9
    if gigabytes >= least:
        return Check(name, "ok", f"{gigabytes:.0f} GB {says}")
    return Check(name, "broken", f"{gigabytes:.1f} GB {says}: the quickstart needs {least}", remedy)
