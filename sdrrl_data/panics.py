"""Panics of libraries in Rust: they print them by themselves, and raise what is not an `Exception`."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# What Rust prints, with its backtrace where RUST_BACKTRACE asks for one.
_TEXT = re.compile(
    rb"\n?thread '[^\n]*' (?:\(\d+\) )?panicked at [^\n]*(?:\n[^\n]*)?\n?"
    rb"(?:(?:(?!thread ')[^\n]*\n)*?note: [^\n]*RUST_BACKTRACE[^\n]*\n?|stack backtrace:\n(?: +[^\n]*\n)*)?"
)


class Panic(Exception):
    """A library in Rust has panicked."""


@contextmanager
def caught() -> Iterator[None]:
    """Raise a panic as `Panic`, and keep what Rust prints about it off the screen.

    All other output is shown at the end. For short calls that may panic, such as reading a damaged file.
    """
    with _without_text():
        try:
            yield
        except BaseException as error:
            if is_panic(error):
                raise Panic(str(error).partition("\n")[0]) from error
            raise


def is_panic(error: BaseException) -> bool:
    """Whether it is a panic; each library has a class of its own for them."""
    return type(error).__name__ == "PanicException"


@contextmanager
def _without_text() -> Iterator[None]:
    """Take what is written to the file descriptor 2 until the end of the block; what Python writes is shown at once."""
    stderr = sys.stderr
    try:
        stderr.flush()
        screen = os.dup(2)
        captured = _temporary_file(os.getpid())
    except (AttributeError, OSError, ValueError):  # there is no stderr, or no place for a file
        yield
        return
    if _descriptor(stderr) == 2:
        sys.stderr = os.fdopen(os.dup(screen), "w", encoding=stderr.encoding, errors=stderr.errors, buffering=1)
    os.dup2(captured, 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
        if sys.stderr is not stderr:
            sys.stderr.flush()  # not closed: a progress bar may go on writing to it
            sys.stderr = stderr
        if written := os.lseek(captured, 0, os.SEEK_CUR):
            text = os.pread(captured, written, 0)
            os.lseek(captured, 0, os.SEEK_SET)
            os.ftruncate(captured, 0)
            if other := _TEXT.sub(b"", text):
                os.write(2, other)


@cache
def _temporary_file(process: int) -> int:
    """The descriptor of a file of this process alone, which is made once: a table has thousands of parts to read."""
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _descriptor(stream: object) -> int | None:
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # a stream of a test, of a notebook
        return None
