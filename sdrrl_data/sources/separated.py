"""CSV and TSV files as records.

A quote that a text merely contains must not swallow the rows after it. So fields that go over several lines are only
read where all quotes of the file stand as RFC 4180 has them. TSV mostly has no quoting: its quotes are only taken off
where all of them stand so, and some field needs them. In CSV, another character may stand for the comma: spreadsheets
write a semicolon where numbers have a decimal comma.
Source: https://www.rfc-editor.org/rfc/rfc4180.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.errors import UserError

QUOTED = r'"([^"]*+(?:""[^"]*+)*+)"'
LINE_END = r"(?:\r\n|\r|\n)"
# In a text, a space mostly follows a comma, and a comma within a number stands between digits.
BETWEEN_FIELDS = {
    ",": re.compile(r",(?!\s)(?<!\d,(?=\d))"),
    ";": re.compile(r";(?!\s)"),
    "\t": re.compile(r"\t"),
    "|": re.compile(r"\|(?!\s)"),
}
FEWEST_LINES = {",": 3, ";": 3, "\t": 2, "|": 3}  # if so many lines of one record all look like rows, they probably are
BEGINNING, FIRST_LINES = 100_000, 50  # characters and lines of a file that show what separates its fields
SEPARATOR_NAMED = re.compile(r"sep=(.)\s*")  # a first line that spreadsheets understand
INSTEAD = 'write a quote within a quoted field as "", or save the file as JSONL'


class Record(NamedTuple):
    """The fields of a row."""

    line: int  # on which it begins, counted from 1
    fields: list[str]
    problem: str | None = None  # why it may be several rows


def records(path: Path, role: str, separator: str) -> Iterator[Record]:
    """The records of a file that are not blank; the first may be its header.

    Args:
        path: the file.
        role: what it is for, for error messages ("seeds").
        separator: one of `BETWEEN_FIELDS`.

    Raises:
        UserError: while iterating: the file cannot be read, or its quotes do not show where a row ends.
    """
    text = _text(path, role)
    if separator == "\t" and not _has_quoting(text):
        yield from _lines(text)
    else:
        yield from _quoted(text, separator, f"{role} {path}")


def separator_of(path: Path, role: str) -> str:
    """What separates the fields of a CSV file: what divides its header as it divides most of its first rows.

    Raises:
        UserError: the file cannot be read.
    """
    beginning = _text(path, role, BEGINNING)
    lines = [line for line in re.split(LINE_END, beginning) if line.strip()][:FIRST_LINES]
    named = SEPARATOR_NAMED.fullmatch(lines[0]) if lines else None
    if named and named[1] in BETWEEN_FIELDS:
        return named[1]
    csv.field_size_limit(sys.maxsize)

    def agreement(separator: str) -> float:
        """The share of rows with as many fields as the header; -1 if it has only one."""
        header, *rows = [len(fields) for fields in csv.reader(lines, delimiter=separator)] or [0]
        return -1 if header < 2 else (rows.count(header) + 1) / (len(rows) + 1)

    return max(BETWEEN_FIELDS, key=agreement)  # of equal ones the first, which is the comma


def _text(path: Path, role: str, most: int = -1) -> str:
    """The text of a file; with `most`, so many of its first characters."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read(most)
    except OSError as error:
        raise UserError(f"{role} {path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{role} {path}: not UTF-8, save it as UTF-8 (in Excel: Save As, CSV UTF-8)") from None


def _lines(text: str) -> Iterator[Record]:
    """Each line as a record, with its quotes as they are."""
    line_end = "\n" if "\n" in text else "\r"
    for number, line in enumerate(text.split(line_end), 1):
        if line.strip(" \r"):
            yield Record(number, line.rstrip("\r").split("\t"))


def _quoted(text: str, separator: str, where: str) -> Iterator[Record]:
    lines = io.StringIO(text, newline="").readlines()
    wrong_quote = _wrong_quote(text, separator)
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    start = 0  # lines before the record
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise UserError(
                f"{where}: the row that begins in line {start + 1} has a quote in the wrong place ({error}): {INSTEAD}"
            ) from None
        if fields is None:
            return
        problem = None
        if reader.line_num > start + 1:
            if wrong_quote:
                raise UserError(
                    f"{where}: a quote in line {start + 1} makes one row of all lines up to {reader.line_num}, but "
                    f"line {wrong_quote} has a quote in the wrong place, so that neither can be trusted: {INSTEAD}"
                )
            if _are_rows(lines[start : reader.line_num], separator, len(fields)):
                problem = (
                    f"a quote in line {start + 1} makes one row of lines up to {reader.line_num} that look like rows"
                )
        if fields:
            yield Record(start + 1, fields, problem)
        start = reader.line_num


def _are_rows(lines: Sequence[str], separator: str, fields: int) -> bool:
    """Whether the lines of a record are probably a row each: all have as many fields as the record."""
    between = BETWEEN_FIELDS[separator]
    several = fields > 1 and len(lines) >= FEWEST_LINES[separator]
    return several and all(len(between.findall(line.rstrip("\r\n"))) == fields - 1 for line in lines)


@cache
def _fields(separator: str) -> re.Pattern[str]:
    """Matches as many fields as stand as RFC 4180 has them."""
    field = rf'(?:{QUOTED}|[^"{separator}\r\n]*+)'
    return re.compile(rf"(?:{field}(?:{re.escape(separator)}|{LINE_END}))*+{field}")


def _wrong_quote(text: str, separator: str) -> int | None:
    """The line of the first quote that does not stand as RFC 4180 has it; None if all do."""
    if '"' not in text:
        return None
    match = _fields(separator).match(text)
    end = match.end() if match else 0
    return None if end == len(text) else text.count("\n", 0, end) + 1


def _has_quoting(text: str) -> bool:
    """Whether the quotes of a TSV file enclose fields: all stand so, and some field needs them or all have them."""
    if _wrong_quote(text, "\t") or '"' not in text:
        return False
    quoted = re.finditer(rf"(?:(?<=[\t\r\n])|\A){QUOTED}(?=[\t\r\n]|\Z)", text)
    if any(re.search(r'""|[\t\r\n]', match[1]) for match in quoted):
        return True
    return re.fullmatch(rf"(?:{QUOTED}(?:\t|{LINE_END}))*+(?:{QUOTED})?", text) is not None
