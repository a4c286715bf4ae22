"""Which process has something, and whether it lives."""

import json
import os
import platform
import socket
import uuid
from pathlib import Path
from typing import NamedTuple

_LENGTH = 400  # bytes of a lease's file: it is written over in place, and so never shorter for a moment


class Holder(NamedTuple):
    """Who has a lease, or a folder."""

    host: str
    pid: int
    machine: str  # what process ids are counted on
    started: str  # when the process was, in a form that the machine knows

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def lives(self) -> bool | None:
        """Whether the process is there; None if it is on another machine, or cannot be seen."""
        if self.machine != _machine():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):
            return None
        return self.started == _started(self.pid)

    def written(self, beat: int = 0) -> bytes:
        """The content of a file that says who it is: another one for each beat, of the same length."""
        return json.dumps([beat, *self]).encode().ljust(_LENGTH)[:_LENGTH] + b"\n"


def this_process() -> Holder:
    """The process that asks."""
    return Holder(socket.gethostname()[:100], os.getpid(), _machine(), _started(os.getpid()))


def parsed(content: bytes | None) -> Holder | None:
    """Who wrote a file; None if it is not whole, as where the machine died."""
    try:
        _, host, pid, machine, started = json.loads(content or b"")
        return Holder(str(host), int(pid), str(machine), str(started))
    except (ValueError, TypeError, RecursionError):
        return None


def _machine() -> str:
    """What process ids are counted on: a boot of the system, and in it a container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{platform.node()} {uuid.getnode()}"


def _started(pid: int) -> str:
    """When a process was started, by the system's ticks; "" if that is not known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
