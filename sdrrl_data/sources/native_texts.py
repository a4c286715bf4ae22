"""Texts of the target language, as raw rows and as texts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import DatasetNotFound
from sdrrl_data.models.places import place_of
from sdrrl_data.recipe import NativeFieldsConfig, NativeTextsConfig
from sdrrl_data.sources.questions import IDS
from sdrrl_data.sources.row_files import ENDINGS, LINE, Row, RowSource
from sdrrl_data.sources.row_sources import name_of, open_source
from sdrrl_data.sources.turns import NotUnderstood

# The usual names of columns, the most likely first. Capitals do not matter.
TEXTS = ("text", "content", "document", "article", "body", "passage", "sentence")
FILES = (".txt", ".md")  # that are texts, in a folder


class NativeText(NamedTuple):
    """A text, as it stands in its row."""

    text: str
    source_id: str | None  # its id in the source
    taken: Mapping[str, str]  # "text" and "id" -> the column that it is from


def open_texts(settings: NativeTextsConfig) -> RowSource:
    """Open a file of rows, text with one a line, a dataset on the Hub, or a folder whose files are the texts.

    Raises:
        UserError: as `open_source`; or a folder has no text file.
    """
    place = place_of(settings.source, ENDINGS)
    if isinstance(place, Path) and place.is_dir():
        return _folder(place)
    return open_source(settings, "seeds", "give a local file with --seeds")


def read(record: Mapping[str, Any], fields: NativeFieldsConfig) -> NativeText:
    """The text of a row.

    Args:
        record: the row.
        fields: the columns that the recipe names.

    Raises:
        NotUnderstood: there is no text in it.
    """
    column = text_column(record, fields)
    if column is None:
        raise NotUnderstood("no column with a usual name of a text")
    text = record[column]
    if not isinstance(text, str):
        raise NotUnderstood(f"{column!r} is {'empty' if text is None else 'not a text'}")
    if not text.strip():
        raise NotUnderstood(f"{column!r} is empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotUnderstood("not valid Unicode (a lone surrogate)") from None
    id_column = _column(record, fields.id, IDS)
    id = None if id_column is None else record[id_column]
    if id_column is None or isinstance(id, bool) or not isinstance(id, str | int) or id == "":
        return NativeText(text, None, {"text": column})
    return NativeText(text, str(id), {"text": column, "id": id_column})


def text_column(columns: Sequence[str] | Mapping[str, Any], fields: NativeFieldsConfig) -> str | None:
    """The one of these columns that holds the text; None: there is none."""
    if len(columns) == 1 and LINE in columns and not fields.text:
        return LINE
    return _column(columns, fields.text, TEXTS)


def _column(columns: Sequence[str] | Mapping[str, Any], named: str | None, usual: Sequence[str]) -> str | None:
    if named is not None:
        return named if named in columns else None
    by_name: dict[str, str] = {}
    for name in columns:
        by_name.setdefault(name.strip().lower(), name)
    return next((by_name[name] for name in usual if name in by_name), None)


def _folder(folder: Path) -> RowSource:
    """The text files in a folder and in those within it, by their names."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in FILES and path.is_file())
    if not files:
        raise DatasetNotFound(
            f"seeds {folder}: there is no file ending in {' or '.join(FILES)} in this folder; give a single file, "
            "or a folder whose text files are one text each"
        )
    rows = (_file(number, path, path.relative_to(folder).as_posix()) for number, path in enumerate(files, 1))
    return RowSource(name_of(str(folder)), ["text", "id"], rows)


def _file(number: int, path: Path, name: str) -> Row:
    """A whole file as a row; the line ends at the end of a file are none of its text."""
    try:
        content = path.read_bytes()
        return Row(number, {"text": content.removeprefix(b"\xef\xbb\xbf").decode().rstrip("\r\n"), "id": name})
    except UnicodeDecodeError as error:
        return Row(number, name, f"{name}: not UTF-8 ({error.reason} at byte {error.start + 1})")
    except OSError as error:
        return Row(number, name, f"{name} cannot be read ({error.strerror})")


def texts_of(rows: Iterator[Row], fields: NativeFieldsConfig) -> Iterator[tuple[Row, NativeText | NotUnderstood]]:
    """Each row with its text, or with the reason why it has none."""
    for row in rows:
        try:
            if row.problem:
                raise NotUnderstood(row.problem)
            if not isinstance(row.content, dict):
                raise NotUnderstood("not an object with named fields")
            yield row, read(row.content, fields)
        except NotUnderstood as problem:
            yield row, problem
