"""What lies behind an error, whichever library raised it and in whatever it was wrapped."""

import errno
import re
from collections.abc import Iterator

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Libraries in Rust and C++ have the number, or the system's words for it, only in their messages.
_NUMBER = re.compile(r"\((?:os error|errno) (\d+)\)|\[errno (\d+)\]", re.IGNORECASE)
# What the machine refuses, whatever the program does: permissions, read-only disks, broken disks, too many open files.
_REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE}
_LIBRARIES = {"builtins", "polars", "pyarrow", "safetensors", "safetensors_rust", "sqlite3", "tokenizers", "torch"}
# torch only says that it could write less than it wanted to.
_FULL = re.compile(
    r"no space left on device|disk quota exceeded|database or disk is full"
    r"|PytorchStreamWriter failed writing|inline_container\.cc:\d+\] \. unexpected pos",
    re.IGNORECASE,
)
# torch's messages for a CPU, and those of other libraries in C++; for a GPU torch has an error class.
_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory|bad_alloc", re.IGNORECASE)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def number(error: BaseException) -> int | None:
    """The system's number of an error; None if it has none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    match = _NUMBER.search(_of_system(error))
    return int(match[1] or match[2]) if match else None


def is_disk_full(error: BaseException) -> bool:
    """Whether a disk or a quota is full."""
    return number(error) in FULL or bool(_FULL.search(_of_system(error)))


def is_refused(error: BaseException) -> bool:
    """Whether the machine refuses to read or write a file: its disk, its permissions, the number of open files."""
    return isinstance(error, OSError) and error.errno in _REFUSALS and error.filename is not None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the machine or of a device ran out."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(text(error))))


def text(error: BaseException) -> str:
    """What an error says; nothing if it cannot say it."""
    try:
        return str(error)
    except Exception:
        return ""


def _of_system(error: BaseException) -> str:
    """What an error of these libraries says, which may be the system's words; a server may have sent another's."""
    return text(error) if type(error).__module__.partition(".")[0] in _LIBRARIES else ""


def described(error: BaseException) -> str:
    """An error in one line: its kind, and the first line of what it says."""
    said = text(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
