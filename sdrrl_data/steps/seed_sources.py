"""Where seeds come from: a file or a dataset of the Hub, as rows that are not understood yet."""

import csv
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import Seeds


class Row(NamedTuple):
    """A row as it was found."""

    number: int  # counted from 1; lines of JSONL, rows of everything else
    content: Any  # a dict if all is well
    problem: str | None = None  # why it could not be read
    json: str | None = None  # the row as JSON, where it is at hand


class Source(NamedTuple):
    """An opened source of seeds."""

    name: str  # "tasks.jsonl", "org/name@commit"
    columns: list[str] | None  # None where each row has its own
    rows: Iterator[Row]


def is_file(source: str) -> bool:
    """Whether a source is a file: it exists, has one of the known endings, or starts with `/`, `.` or `~`."""
    path = os.path.expanduser(source)
    return os.path.exists(path) or Path(path).suffix.lower() in _READERS or source.startswith(("/", ".", "~"))


def name_of(source: str) -> str:
    """What rows from a source call it: the name of a file, or of a dataset on the Hub."""
    return Path(source).name if is_file(source) else source


def open_source(settings: Seeds) -> Source:
    """Open a file or a dataset of the Hub.

    Raises:
        UserError: it is not there, or is not what it says it is. Iterating over the rows raises it too.
    """
    if is_file(settings.source):
        return _file(Path(os.path.expanduser(settings.source)))
    if re.fullmatch(r"[\w.-]+/[\w.-]+", settings.source):
        return _hub(settings)
    raise UserError(
        f"seeds {settings.source}: there is no such file, and it is no name of a dataset on the Hub (org/name)"
    )


def _file(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise UserError(f"seeds {path}: there is no such file") from None
    except IsADirectoryError:
        raise UserError(f"seeds {path}: this is a directory, give one file in it") from None
    except OSError as error:
        raise UserError(f"seeds {path}: cannot be read ({error.strerror})") from None
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"seeds {path}: expected a file ending in {', '.join(_READERS)}")
    if empty:
        raise UserError(f"seeds {path}: the file is empty")
    return reader(path)


def _jsonl(path: Path) -> Source:
    return Source(path.name, None, _lines(path))


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            content = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if content:
                yield _line(number, content)


def _line(number: int, line: bytes) -> Row:
    try:
        text = line.decode()
        return Row(number, json.loads(text), json=text)
    except UnicodeDecodeError as error:
        # Such bytes become lone surrogates, which JSON can hold, so that they can be had back.
        text = line.decode(errors="surrogateescape")
        problem = f"not UTF-8 ({error.reason} at byte {error.start + 1})"
    except json.JSONDecodeError as error:
        problem = f"not JSON ({error.msg} at column {error.colno})"
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond Python's limits
        problem = f"not JSON that can be read ({error})"
    return Row(number, text, problem)


def _json(path: Path) -> Source:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError(f"seeds {path}: not UTF-8, save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"seeds {path}: not JSON ({error}); one object a line belongs in a .jsonl") from None
    if not isinstance(content, list):
        raise UserError(f"seeds {path}: expected a list of objects; one object a line belongs in a .jsonl")
    return Source(path.name, None, itertools.starmap(Row, enumerate(content, 1)))


def _parquet(path: Path) -> Source:
    try:
        table = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:  # some broken files make it panic
        raise UserError(f"seeds {path}: not a Parquet file ({str(error).splitlines()[0]})") from None
    return Source(path.name, table.columns, itertools.starmap(Row, enumerate(table.iter_rows(named=True), 1)))


def _csv(path: Path) -> Source:
    return _separated(path, ",")


def _tsv(path: Path) -> Source:
    return _separated(path, "\t")


def _separated(path: Path, separator: str) -> Source:
    records = _records(path, separator)
    header = next(records, None)
    if header is None:
        raise UserError(f"seeds {path}: the file is empty")
    return Source(path.name, header, _rows_under(header, records))


def _records(path: Path, separator: str) -> Iterator[list[str]]:
    """The fields of each record; unlike polars' reader, Python's goes on after one of the wrong length."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from filter(None, csv.reader(file, delimiter=separator))
        except UnicodeDecodeError:
            raise UserError(f"seeds {path}: not UTF-8, save it as UTF-8") from None
        except csv.Error as error:
            raise UserError(f"seeds {path}: cannot be read as a table ({error})") from None


def _rows_under(header: list[str], records: Iterator[list[str]]) -> Iterator[Row]:
    for number, fields in enumerate(records, 1):
        if len(fields) == len(header):
            yield Row(number, dict(zip(header, fields, strict=True)))
        else:
            yield Row(number, fields, f"has {len(fields)} fields, the header has {len(header)}")


_READERS: dict[str, Callable[[Path], Source]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _tsv,
}


def _hub(settings: Seeds) -> Source:
    from huggingface_hub import HfApi

    name = settings.source
    with _hub_errors(name):
        commit = HfApi().dataset_info(name, revision=settings.revision, timeout=10).sha
        from datasets import load_dataset  # takes seconds, so only once the dataset is known to be there

        dataset = load_dataset(name, settings.config, split=settings.split, revision=commit, streaming=True)
        examples = iter(dataset)
        first = next(examples, None)
    columns = list(first) if first else []
    examples = itertools.chain([first] if first else [], examples)
    return Source(f"{name}@{commit}", columns, _hub_rows(name, examples))


def _hub_rows(name: str, examples: Iterator[dict[str, Any]]) -> Iterator[Row]:
    with _hub_errors(name):
        yield from itertools.starmap(Row, enumerate(examples, 1))


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of three libraries and their network: there is no list of what they raise
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise UserError(
            f"seeds {name}: the dataset cannot be read from the Hugging Face Hub: check its name, config, "
            f"split and revision, or give a local file with --seeds ({reason})"
        ) from error
