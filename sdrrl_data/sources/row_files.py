"""Files as raw rows: JSONL, JSON, Parquet, CSV, TSV, or text with one row per line."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data import causes, panics
from sdrrl_data.errors import DatasetNotFound, UserError
from sdrrl_data.sources import separated
from sdrrl_data.sources.separated import Record
from sdrrl_data.suggestions import path_instead

LINE = "question"  # the column of a line of text
_DECODER = json.JSONDecoder()


class Row(NamedTuple):
    """A row as it is in the file, not interpreted yet."""

    number: int  # counted from 1; lines of JSONL, rows of everything else
    content: Any  # a dict, unless something is wrong
    problem: str | None = None  # why it could not be read
    json: str | None = None  # the row as JSON, if it was read as JSON

    def as_json(self) -> str:
        """The row, as it is set aside."""
        return self.json or json.dumps(self.content, default=str)


class RowSource(NamedTuple):
    """The rows of an open file, or of a dataset on the Hub."""

    name: str  # "tasks.jsonl", "org/name@commit"
    columns: list[str] | None  # None if each row has its own
    rows: Iterator[Row]
    separator: str | None = None  # between the fields, if it is not the one that the ending of the file's name says


def open_file(path: Path, role: str) -> RowSource:
    """Open a file of rows.

    Args:
        path: a file with one of the known endings.
        role: what the file is for, for error messages ("seeds").

    Raises:
        DatasetNotFound: the file does not exist.
        UserError: its content does not fit its ending. Iterating over the rows can raise this too.
    """
    return reader_of(path, role)(path, role)


def text_of(path: Path, role: str) -> str:
    """The text of a file.

    Raises:
        UserError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{role}: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{role}: {path} is not UTF-8, save it as UTF-8") from None


def lines_of(path: Path, role: str) -> list[str]:
    """The lines of a file, including empty ones; only a line feed ends a line.

    Raises:
        UserError: it cannot be read, or is not UTF-8.
    """
    lines = text_of(path, role).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def parquet_table(path: Path, role: str) -> pl.DataFrame:
    """A Parquet file as a table, whoever wrote it.

    Arrow reads it: of some files, such as those with 500 lists inside each other, polars ends the whole process.

    Raises:
        UserError: it cannot be read, or is not a Parquet file.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        with panics.caught(), path.open("rb") as file:
            table = parquet.ParquetFile(file).read(use_threads=False)
            table.validate(full=True)  # also that its texts are UTF-8, on which polars relies
            return pl.DataFrame(table)
    except OSError as error:
        if error.errno:
            raise UserError(f"{role} {path}: cannot be read ({error.strerror})") from None
        problem: Exception = error  # Arrow's, for content that is damaged
    except (ValueError, TypeError, LookupError, MemoryError, OverflowError, pyarrow.ArrowException) as error:
        problem = error
    except (pl.exceptions.PolarsError, panics.Panic) as error:
        problem = error
    raise UserError(f"{role} {path}: not a Parquet file ({causes.described(problem)[:200]})")


def reader_of(path: Path, role: str) -> Callable[[Path, str], RowSource]:
    """The function that opens a file. The file is not read, but it must exist and must not be empty.

    Raises:
        DatasetNotFound: the file does not exist.
        UserError: it is empty, or its ending is unknown.
    """
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise DatasetNotFound(f"{role} {path}: there is no such file{path_instead(path)}") from None
    except IsADirectoryError:
        raise UserError(f"{role} {path}: this is a directory, give one file in it") from None
    except OSError as error:
        raise UserError(f"{role} {path}: cannot be read ({error.strerror})") from None
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{role} {path}: expected a file ending in {', '.join(ENDINGS)}")
    if empty:
        raise UserError(f"{role} {path}: the file is empty")
    return reader


def _jsonl(path: Path, role: str) -> RowSource:
    return RowSource(path.name, None, (_json_line(number, line) for number, line in _lines(path)))


def _text(path: Path, role: str) -> RowSource:
    return RowSource(path.name, None, (_line(number, line) for number, line in _lines(path)))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            content = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if content:
                yield number, content


def _line(number: int, line: bytes) -> Row:
    try:
        return Row(number, {LINE: line.decode()})
    except UnicodeDecodeError as error:
        return _not_utf8(number, line, error)


def _json_line(number: int, line: bytes) -> Row:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(number, line, error)
    try:
        content, end = _DECODER.raw_decode(text)  # faster than json.loads; the line is stripped
        if end == len(text):
            return Row(number, content, json=text)
        return Row(number, json.loads(text), json=text)
    except json.JSONDecodeError as error:
        problem = f"not JSON ({error.msg} at column {error.colno})"
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond Python's limits
        problem = f"not JSON that can be read ({_in_words(error)})"
    return Row(number, text, problem)


def _in_words(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _not_utf8(number: int, line: bytes, error: UnicodeDecodeError) -> Row:
    # Such bytes become lone surrogates, which JSON can hold, so that they can be restored.
    text = line.decode(errors="surrogateescape")
    return Row(number, text, f"not UTF-8 ({error.reason} at byte {error.start + 1})")


def _json(path: Path, role: str) -> RowSource:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError(f"{role} {path}: not UTF-8, save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{role} {path}: not JSON ({_in_words(error)}); a file with one object per line must end in .jsonl"
        ) from None
    if not isinstance(content, list):
        raise UserError(
            f"{role} {path}: expected a list of objects; a file with one object per line must end in .jsonl"
        )
    return RowSource(path.name, None, itertools.starmap(Row, enumerate(content, 1)))


def _parquet(path: Path, role: str) -> RowSource:
    table = parquet_table(path, role)
    return RowSource(path.name, table.columns, itertools.starmap(Row, enumerate(table.iter_rows(named=True), 1)))


def _csv(path: Path, role: str) -> RowSource:
    separator = separated.separator_of(path, role)
    source = _separated(path, role, separator)
    return source if separator == "," else source._replace(separator=separator)


def _tsv(path: Path, role: str) -> RowSource:
    return _separated(path, role, "\t")


def _separated(path: Path, role: str, separator: str) -> RowSource:
    records = separated.records(path, role, separator)
    header = next(records, None)
    if header and header.fields[0] == "sep=":
        header = next(records, None)
    if header is None:
        raise UserError(f"{role} {path}: the file is empty")
    if header.problem:
        raise UserError(f"{role} {path}: its header cannot be read: {header.problem}")
    return RowSource(path.name, header.fields, _rows_under(header.fields, records))


def _rows_under(header: list[str], records: Iterator[Record]) -> Iterator[Row]:
    for number, (_, fields, problem) in enumerate(records, 1):
        if problem:
            yield Row(number, fields, problem)
        elif len(fields) == len(header):
            yield Row(number, dict(zip(header, fields, strict=True)))
        else:
            yield Row(number, fields, f"has {len(fields)} fields, the header has {len(header)}")


_READERS: dict[str, Callable[[Path, str], RowSource]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _tsv,
    ".txt": _text,
}
ENDINGS = tuple(_READERS)
