"""A run on disk: its manifest, and its tables as Parquet parts. The one room that touches the disk."""

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import polars as pl
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from sdrrl_data.errors import Stopped, UserError
from sdrrl_data.protocols import Ingredient, SetAside

SCHEMA_VERSION = 1
TIMINGS = "timings.jsonl"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SET_ASIDE = {"id": pl.String, "reason": pl.String, "row": pl.String}


class Part(NamedTuple):
    """A part of a table, and the rows that could not be done: their id, the reason, the row as JSON."""

    rows: pl.DataFrame
    set_aside: pl.DataFrame


NOTHING_SET_ASIDE = pl.DataFrame(schema=SET_ASIDE)


class Count(BaseModel):
    """What one step made of its rows."""

    rows_in: int
    rows_out: int
    set_aside: dict[str, int]  # reason -> rows


class Dropped(BaseModel):
    """How many texts of one kind a filter found wanting."""

    filter: str
    text: str
    rows: int


class Kind(BaseModel):
    """One kind of row in a transfer set: its share as asked, what there was, and what was taken."""

    kind: str
    asked: float
    available: int
    taken: int


class TargetCount(BaseModel):
    """The figures of one target."""

    pairs: int  # translated pairs that were judged
    kept: int  # those with every text kept
    kept_texts: dict[str, int]  # question_src, question_tgt, answer_src, answer_tgt -> texts kept
    dropped: list[Dropped]
    mix: list[Kind]
    rows: dict[str, int]  # split -> rows


class Counts(BaseModel):
    """The figures of a run, as the summary and the card show them."""

    steps: dict[str, Count] = {}
    answers: dict[str, int] = {}  # fault of the model's answer, or "from the reference" -> answers
    targets: dict[str, TargetCount] = {}


class Manifest(BaseModel):
    """What made a run. It holds no times, so that a repeated run ends with the same bytes."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    state: Literal["unfinished", "finished"]
    signature: str
    recipe: dict[str, Any]
    versions: dict[str, str]
    ingredients: list[Ingredient]
    growths: list[list[int]] = []  # each time the run grew: the rows of its new parts of seeds
    counts: Counts = Counts()


def fingerprint(*shaping: Any) -> str:
    """16 hex digits that stand for everything that shaped a part (anything JSON can hold)."""
    canonical = json.dumps(shaping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=8).hexdigest()


def set_aside(rows: pl.DataFrame, reasons: Sequence[str]) -> pl.DataFrame:
    """The table of rows that could not be done, one reason a row."""
    return pl.DataFrame(
        {
            "id": rows["id"].to_list(),
            "reason": list(reasons),
            "row": [json.dumps(row, ensure_ascii=False) for row in rows.iter_rows(named=True)],
        },
        schema=SET_ASIDE,
    )


def sort_out(rows: pl.DataFrame, results: Sequence[Mapping[str, Any] | SetAside], schema: Mapping[str, Any]) -> Part:
    """A part from the rows that went in and what became of each, in the same order."""
    made = [result for result in results if not isinstance(result, SetAside)]
    reasons = [result.reason if isinstance(result, SetAside) else None for result in results]
    refused = rows.filter(pl.Series([reason is not None for reason in reasons], dtype=pl.Boolean))
    return Part(
        pl.DataFrame(made, schema=dict(schema)),
        set_aside(refused, [reason for reason in reasons if reason is not None]),
    )


class Journal:
    """The finished rows of a part that is not finished yet, so that a crash loses half a second's at the most.

    `rows` holds what an earlier run had finished, by key.
    """

    FLUSH = 0.5  # seconds between two writes

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._head = fingerprint.encode() + b"\n"
        self._file: BinaryIO | None = None
        self._flushed = 0.0
        self.rows: dict[str, Any] = {}
        self._length = 0  # of what can be read: the last line may be torn
        if path.exists():
            self._read(path.read_bytes())

    def add(self, key: str, value: Any) -> None:
        """Keep a row: anything JSON can hold."""
        with _on_disk(self._path):
            if self._file is None:
                self._file = self._open()
            self._file.write(json.dumps([key, value], ensure_ascii=False).encode() + b"\n")
            if time.monotonic() > self._flushed + self.FLUSH:
                self._file.flush()
                self._flushed = time.monotonic()

    def close(self) -> None:
        """Write what was added since the last time."""
        if self._file:
            with _on_disk(self._path):
                self._file.close()

    def _read(self, content: bytes) -> None:
        if not content.startswith(self._head):
            return  # rows made with other settings
        self._length = content.rfind(b"\n") + 1
        lines = content[len(self._head) : self._length].splitlines()
        self.rows = dict(map(json.loads, lines))

    def _open(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("r+b" if self._length else "w+b")
        file.truncate(self._length)
        file.seek(self._length)
        if not self._length:
            file.write(self._head)
        return file


class Task(NamedTuple):
    """A part that is to be made."""

    part: int
    tables: Sequence[pl.DataFrame]  # this part of each table that it is made from
    rows: int  # how many it is to have, where it is made from nothing
    journal: Journal  # for a step whose rows are dear


class Table:
    """One table of a run: `part-00000.parquet` and so on in a folder of its own.

    A part is done when its file is there under its final name with the expected fingerprint.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._folder = root / name
        # Beside the tables, not in them: whoever reads a table's folder reads its rows alone.
        self._set_aside = (root / name).parent / "set_aside" / (root / name).name

    def done(self, part: int, fingerprint: str) -> bool:
        """Whether this part is there, made from the same input with the same settings."""
        return _fingerprint_of(_part(self._folder, part)) == fingerprint

    def has(self, part: int) -> bool:
        """Whether this part is there, whatever made it."""
        return _part(self._folder, part).exists()

    def parts(self) -> int:
        """How many parts are there."""
        return len(_parts(self._folder))

    def part(self, part: int) -> Part:
        """A part with what was set aside on the way to it."""
        return Part(self.read(part), self.set_aside(part))

    def write(self, part: int, made: Part, fingerprint: str) -> None:
        """Write a part; its set-aside rows go first, so that a part that is done is done with them."""
        aside = _part(self._set_aside, part)
        if made.set_aside.is_empty():
            aside.unlink(missing_ok=True)
        else:
            _write_parquet(made.set_aside, aside, fingerprint)
        _write_parquet(made.rows, _part(self._folder, part), fingerprint)
        _journal(self._folder, part).unlink(missing_ok=True)

    def journal(self, part: int, fingerprint: str) -> Journal:
        """What is finished of a part that is not."""
        return Journal(_journal(self._folder, part), fingerprint)

    def read(self, part: int) -> pl.DataFrame:
        """The rows of one part."""
        return pl.read_parquet(_part(self._folder, part))

    def read_all(self, parts: int | None = None) -> pl.DataFrame:
        """The rows of every part, or of so many, in order."""
        return pl.concat([pl.read_parquet(path) for path in _parts(self._folder)[:parts]])

    def set_aside(self, part: int | None = None) -> pl.DataFrame:
        """The rows of every part, or of one, that could not be done."""
        paths = _parts(self._set_aside) if part is None else [_part(self._set_aside, part)]
        frames = [pl.read_parquet(path) for path in paths if path.exists()]
        return pl.concat(frames) if frames else NOTHING_SET_ASIDE

    def rows(self, part: int) -> int:
        """How many rows a part holds."""
        return _height(_part(self._folder, part))

    def count(self) -> int:
        """How many rows the table holds."""
        return sum(_height(path) for path in _parts(self._folder))

    def forget_after(self, parts: int) -> None:
        """Remove what an earlier, longer run left: parts from this number on, and unfinished files."""
        for folder in (self._folder, self._set_aside):
            keep = {place(folder, part) for part in range(parts) for place in (_part, _journal)}
            for path in set(folder.glob("*part-*")) - keep:
                path.unlink()


class Run:
    """A run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def table(self, name: str) -> Table:
        """A table by its path in the run, such as `answers` or `pt/translations`."""
        return Table(self.path, name)

    def manifest(self) -> Manifest | None:
        """What made the run, or None where there is none yet.

        Raises:
            UserError: the folder holds something else, or a run of another schema version.
        """
        path = self.path / "manifest.json"
        if not path.exists():
            if self.path.is_file() or (self.path.is_dir() and _visible(self.path)):
                raise UserError(f"{self.path} is there already and is no run: choose another --out")
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema_version"] != SCHEMA_VERSION:
                raise UserError(
                    f"{path} has schema version {content['schema_version']}, this sdrrl-data reads version "
                    f"{SCHEMA_VERSION}: use the sdrrl-data that made it, or choose another --out"
                )
            return Manifest.model_validate(content)
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise UserError(f"{path} cannot be read as a manifest: choose another --out") from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Write `manifest.json`."""
        self.write_text("manifest.json", manifest.model_dump_json(indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run, whole or not at all."""
        path = self.path / name
        with _written(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def note_time(self, step: str, seconds: float, **more: Any) -> None:
        """Add a line to `timings.jsonl`: how long a part of a step took, or loading what it needs.

        It stands apart from the manifest, so that a repeated run has the same bytes everywhere else.
        """
        path = self.path / TIMINGS
        with _on_disk(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "seconds": round(seconds, 3), **more}) + "\n")

    def timings(self) -> pl.DataFrame:
        """Every line of `timings.jsonl`: step, part (null: loading), rows, seconds."""
        path = self.path / TIMINGS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        whole = [json.loads(line) for line in lines if line.endswith("}")]  # the last one may be torn
        return pl.DataFrame(
            whole, schema={"step": pl.String, "part": pl.Int64, "rows": pl.Int64, "seconds": pl.Float64}
        )

    def dataset_done(self, name: str, fingerprint: str) -> bool:
        """Whether `write_dataset` has finished with this fingerprint."""
        files = sorted((self.path / name).glob("*.parquet"))
        return bool(files) and _fingerprint_of(files[0]) == fingerprint

    def write_dataset(self, name: str, splits: dict[str, pl.DataFrame], fingerprint: str, shard_rows: int) -> None:
        """Write splits as shards that `datasets.load_dataset` finds by itself; all of them or none."""
        final = self.path / name
        temporary = final.with_name(f".{final.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        # A split without rows gets no file: `datasets` cannot load one. Only where all are empty, all get one.
        filled = {split: rows for split, rows in splits.items() if not rows.is_empty()}
        for split, rows in (filled or splits).items():
            shards = list(rows.iter_slices(shard_rows)) or [rows]
            for number, shard in enumerate(shards):
                file = temporary / f"{split}-{number:05}-of-{len(shards):05}.parquet"
                _write_parquet(shard, file, fingerprint)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)

    def read_dataset(self, name: str) -> pl.DataFrame:
        """The rows of all splits of a dataset."""
        return pl.concat([pl.read_parquet(path) for path in sorted((self.path / name).glob("*.parquet"))])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run, so that two processes never write into it at once."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.path} cannot be made ({error.strerror}): choose another --out") from None
        try:
            with FileLock(self.path / ".lock", timeout=0):
                yield
        except Timeout:
            raise UserError(f"another sdrrl-data is working on {self.path}: wait for it, or stop it") from None


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _part(folder: Path, part: int) -> Path:
    return folder / f"part-{part:05}.parquet"


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _journal(folder: Path, part: int) -> Path:
    return folder / f".part-{part:05}.journal"


def _write_parquet(rows: pl.DataFrame, path: Path, fingerprint: str) -> None:
    metadata = {"sdrrl_data.schema_version": str(SCHEMA_VERSION), "sdrrl_data.fingerprint": fingerprint}
    with _written(path) as temporary:
        rows.write_parquet(temporary, metadata=metadata)


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write to; the file gets its final name once its bytes are safe."""
    temporary = path.with_name(f".{path.name}.tmp")
    with _on_disk(path):
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
def _on_disk(path: Path) -> Iterator[None]:
    """What the disk refuses becomes one sentence."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        number = _errno(error)
        reason = os.strerror(number) if number else str(error).splitlines()[0]
        room = "make room on the disk" if number in FULL else "see to the disk"
        raise Stopped(
            f"{path} cannot be written ({reason}); what is finished is kept: {room}, then run the same command again"
        ) from error


def _errno(error: Exception) -> int | None:
    """The system's number of an error; polars says it in words alone."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def _fingerprint_of(path: Path) -> str | None:
    try:
        return pl.read_parquet_metadata(path).get("sdrrl_data.fingerprint")
    except (OSError, pl.exceptions.PolarsError):
        return None
