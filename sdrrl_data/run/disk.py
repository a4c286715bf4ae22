"""Files that are written completely or not at all, and one clear sentence for errors of the disk."""

import hashlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from sdrrl_data import causes, panics
from sdrrl_data.errors import DiskFailed, DiskFull, FileDamaged
from sdrrl_data.run import digests, working_folder
from sdrrl_data.run.versions import SCHEMA_VERSION

_LEARNED = ("aligner", "usual")  # tables that are only read when new rows are made
# Keys of a file's metadata.
FINGERPRINT, FIGURES, FILES = "sdrrl_data.fingerprint", "sdrrl_data.figures", "sdrrl_data.files"


def write_parquet(
    rows: pl.DataFrame,
    path: Path,
    fingerprint: str,
    figures: Mapping[str, Any] | None = None,
    files: Sequence[str] = (),
    shared: bool = False,
) -> None:
    """Write a table completely, or not at all.

    Args:
        rows: the table.
        path: the file to write.
        fingerprint: stands for everything that shaped the rows; stored in the file's metadata.
        figures: what was counted while the rows were made, as JSON values; stored there too.
        files: the names of all files of the dataset that the file belongs to; stored there too.
        shared: whether another process may write the same file at the same time.

    Raises:
        DiskFailed: the file cannot be written.
    """
    metadata = {"sdrrl_data.schema_version": str(SCHEMA_VERSION), FINGERPRINT: fingerprint}
    if figures:
        metadata[FIGURES] = json.dumps(figures)
    if files:
        metadata[FILES] = json.dumps(files)
    with written(path, shared, fingerprint) as temporary:
        rows.write_parquet(temporary, metadata=metadata | digests.UNSIGNED)
        digests.sign(temporary)


def read_parquet(paths: Sequence[Path], columns: Sequence[str] | None = None, **options: Any) -> pl.DataFrame:
    """The rows of files that `write_parquet` wrote, after a look at their digests. A path is never a pattern.

    Args:
        paths: at least one.
        columns: to be read; by default all.
        options: of `polars.scan_parquet`.

    Raises:
        FileDamaged: a file is gone, or is not as it was written.
    """
    for path in paths:
        check(path)
    try:
        with panics.caught():
            rows = pl.scan_parquet(list(paths), glob=False, **options)
            if columns is not None:
                rows = rows.select(*columns)
            return rows.collect()
    except (pl.exceptions.PolarsError, panics.Panic):
        for path in paths:  # one of them has no digest, and is damaged
            with _readable(path):
                pl.read_parquet(path, glob=False)
        raise


def read_some(paths: Sequence[Path], columns: Sequence[str] | None = None, rows: int | None = None) -> pl.DataFrame:
    """Some columns of files that `write_parquet` wrote, or their first rows: a look at more than memory holds.

    Their digests are not looked at, because they are of whole files. A file of an earlier version may lack columns that
    others have: these are null for it.

    Args:
        paths: at least one.
        columns: those to read, without those that no file has; by default, all.
        rows: how many to read of all files together; by default, all.

    Raises:
        FileDamaged: a file is gone, or is not a Parquet file.
    """
    schema = schema_of_all(paths)
    names = [name for name in columns or schema if name in schema]
    try:
        with panics.caught():
            scan = pl.scan_parquet(list(paths), glob=False, schema=schema, missing_columns="insert", n_rows=rows)
            return scan.select(names).collect(engine="streaming")
    except (pl.exceptions.PolarsError, panics.Panic):
        for path in paths:
            check(path)
        raise


def read_arrow(path: Path) -> pl.DataFrame:
    """An Arrow file that this process wrote.

    It is given to polars as bytes: a path would be a pattern, and of a file some versions say that it is compressed.
    """
    return pl.read_ipc(path.read_bytes())


def check(path: Path) -> None:
    """Compare a file with its digest, if it has one.

    Raises:
        FileDamaged: it is gone, or is not as it was written.
    """
    with _readable(path):
        content = path.read_bytes()
    if not digests.fits(content):
        raise damaged(path, "is damaged")


def damaged(path: Path, problem: str) -> FileDamaged:
    """The error for a file of a run that cannot be used, with what mends it.

    Such a file is never replaced unasked: a copy may exist, and what a model wrote may be expensive.

    Args:
        path: the file.
        problem: what is wrong with it ("is gone").
    """
    command = "the command that made it"
    runs = [folder for folder in path.parents if (folder / "manifest.json").is_file()]
    if runs:
        name = "controls" if is_of_controls(path.relative_to(runs[-1])) else "generate --out"
        command = f"`sdrrl-data {name} {shlex.quote(str(runs[-1]))}`"
    delete = "" if problem == "is gone" else "delete it and "
    again = "which learns it again for new rows" if path.parent.name in _LEARNED else "which makes it again"
    return FileDamaged(f"{path} {problem}: restore it from a copy, or {delete}type {command}, {again}")


def is_of_controls(place: Path) -> bool:
    """Whether a file, by its path in a run, was made by `controls`, and not by `generate`."""
    return any(part.startswith("controls-") or part == "references" for part in place.parts)


@contextmanager
def written(path: Path, shared: bool = False, fingerprint: str = "") -> Iterator[Path]:
    """Yield a temporary path to write to; the file gets its final name once its bytes are on the disk, or in the store.

    If the file is `shared`, the path is no other process's. Otherwise a path that a killed process left is used again.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp" if shared else f".{path.name}.tmp")
    with on_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        except (OSError, pl.exceptions.PolarsError):
            temporary.unlink(missing_ok=True)
            raise
        if folder := working_folder.of(path):
            folder.put(path, temporary, fingerprint)
        temporary.replace(path)


def remove(path: Path) -> None:
    """Remove a file, if it exists, also from the store where the run is in one."""
    if folder := working_folder.of(path):
        folder.remove(path)
    path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn errors of the disk into one sentence."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        number, full = causes.number(error), causes.is_disk_full(error)
        reason = os.strerror(number) if number else causes.described(error)
        remedy = "make room on the disk" if full else "check the disk"
        kind = DiskFull if full else DiskFailed
        raise kind(
            f"{path} cannot be written ({reason}); what is finished is kept: {remedy}, then run the same command again"
        ) from error


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    working_folder.fetch(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint that a file was written with; None if there is no file.

    Raises:
        FileDamaged: it is not a Parquet file.
    """
    folder = working_folder.of(path)
    return (folder and folder.fingerprint(path)) or _metadata(path).get(FINGERPRINT)


def figures_of(path: Path) -> dict[str, Any]:
    """What was counted while a file's rows were made; empty if nothing was counted."""
    figures: dict[str, Any] = json.loads(_metadata(path).get(FIGURES, "{}"))
    return figures


def files_of(path: Path) -> list[str]:
    """The names of all files of the dataset that a file belongs to; empty if it does not say so."""
    files: list[str] = json.loads(_metadata(path).get(FILES, "[]"))
    return files


def rows_in(path: Path) -> int:
    """How many rows a file has.

    Raises:
        FileDamaged: it is gone, or is not a Parquet file.
    """
    return _rows_in(path, _state(path))


def schema_of(path: Path) -> dict[str, Any]:
    """The columns of a file, with their types.

    Raises:
        FileDamaged: it is gone, or is not a Parquet file.
    """
    return dict(_schema_of(path, _state(path)))


def schema_of_all(paths: Sequence[Path]) -> dict[str, Any]:
    """The columns of these files with their types. Files of an earlier version may lack columns that others have.

    Raises:
        FileDamaged: one is gone, or is not a Parquet file.
    """
    schemas = [schema_of(path) for path in paths]
    longest = max(schemas, key=len, default={})
    return longest | {name: kind for schema in schemas for name, kind in schema.items() if name not in longest}


@lru_cache(maxsize=65_536)
def _rows_in(path: Path, state: object) -> int:
    with _readable(path):
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


@lru_cache(maxsize=4096)
def _schema_of(path: Path, state: object) -> dict[str, Any]:
    with _readable(path):
        return dict(pl.read_parquet_schema(path))


def _state(path: Path) -> tuple[int, int, int] | None:
    """What differs once another file has this path."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _metadata(path: Path) -> dict[str, str]:
    """What a file says about itself; nothing if there is no such file.

    Raises:
        FileDamaged: it is not a Parquet file.
    """
    if not path.exists():
        return {}
    with _readable(path):
        return pl.read_parquet_metadata(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        working_folder.fetch(path)
        with panics.caught():
            yield
    except FileNotFoundError:
        raise damaged(path, "is gone") from None
    except OSError as error:
        raise damaged(path, f"cannot be read ({error.strerror or error})") from None
    except (pl.exceptions.PolarsError, panics.Panic):
        raise damaged(path, "is damaged") from None
