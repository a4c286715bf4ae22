"""Files that are written completely or not at all, and one clear sentence for errors of the disk."""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.errors import DiskFailed, DiskFull
from sdrrl_data.run.versions import SCHEMA_VERSION

# Keys of a file's metadata.
FINGERPRINT, FIGURES = "sdrrl_data.fingerprint", "sdrrl_data.figures"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_parquet(rows: pl.DataFrame, path: Path, fingerprint: str, figures: Mapping[str, Any] | None = None) -> None:
    """Write a table completely, or not at all.

    Args:
        rows: the table.
        path: the file to write.
        fingerprint: stands for everything that shaped the rows; stored in the file's metadata.
        figures: what was counted while the rows were made, as JSON values; stored there too.

    Raises:
        DiskFailed: the file cannot be written.
    """
    metadata = {"sdrrl_data.schema_version": str(SCHEMA_VERSION), FINGERPRINT: fingerprint}
    if figures:
        metadata[FIGURES] = json.dumps(figures)
    with written(path) as temporary:
        rows.write_parquet(temporary, metadata=metadata)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; the file gets its final name once its bytes are on the disk."""
    temporary = path.with_name(f".{path.name}.tmp")
    with on_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        except (OSError, pl.exceptions.PolarsError):
            temporary.unlink(missing_ok=True)
            raise
        temporary.replace(path)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn errors of the disk into one sentence."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        number = _errno(error)
        reason = os.strerror(number) if number else str(error).splitlines()[0]
        remedy = "make room on the disk" if number in FULL else "check the disk"
        kind = DiskFull if number in FULL else DiskFailed
        raise kind(
            f"{path} cannot be written ({reason}); what is finished is kept: {remedy}, then run the same command again"
        ) from error


def _errno(error: Exception) -> int | None:
    """The system's error number; polars gives it only in its message."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    match = re.search(r"\(os error (\d+)\)", str(error))
    return int(match[1]) if match else None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint that a file was written with; None if there is no complete file."""
    try:
        return pl.read_parquet_metadata(path).get(FINGERPRINT)
    except (OSError, pl.exceptions.PolarsError):
        return None


def figures_of(path: Path) -> dict[str, Any]:
    """What was counted while a file's rows were made; empty if nothing was counted."""
    figures: dict[str, Any] = json.loads(pl.read_parquet_metadata(path).get(FIGURES, "{}"))
    return figures
