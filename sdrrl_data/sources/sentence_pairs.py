"""Sentence pairs as they are in a corpus: lines of a TSV file, or rows of a file or of a dataset on the Hub."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models.places import place_of
from sdrrl_data.protocols import SetAside
from sdrrl_data.recipe import ParallelConfig
from sdrrl_data.sources.object_files import local
from sdrrl_data.sources.row_files import ENDINGS
from sdrrl_data.sources.row_sources import open_source
from sdrrl_data.sources.separated import records

WITH_COLUMNS = {".jsonl", ".ndjson", ".json", ".parquet", ".csv"}  # endings of files
INSTEAD = "name another corpus with --set parallel.source=SOURCE, or go without one with --set parallel=null"

Column = tuple[str, ...]  # its name; for a column of dictionaries, also the key


class CorpusRow(NamedTuple):
    """A sentence pair, or a row that is not a pair."""

    place: str  # "pairs.tsv:12", "org/name@commit:12"
    written: str  # the line, or the row as JSON
    sides: tuple[str, str] | SetAside  # the texts in the corpus's first and in its second language


def pairs(parallel: ParallelConfig, src: Language, tgt: Language) -> Iterator[CorpusRow]:
    """Each line that is not blank, or each row, in order; a dataset on the Hub is fetched while it is read.

    Columns that are not named are chosen by the first row: `translation` with a dictionary by language code, `english`
    and `non_english`, the languages' codes, `src` and `tgt`, `source` and `target`.

    Args:
        parallel: the corpus.
        src: the corpus's first language.
        tgt: the corpus's second language.

    Raises:
        UserError: while iterating: the corpus cannot be read, or has no such columns.
    """
    place = place_of(parallel.source, ENDINGS)
    if isinstance(place, Path) and not parallel.fields and place.suffix.lower() not in WITH_COLUMNS:
        return _lines(local(place, "parallel"))
    return _rows(parallel, src, tgt)


def _lines(path: Path) -> Iterator[CorpusRow]:
    for line, fields, problem in records(path, "parallel", "\t"):
        if problem or any(field.strip() for field in fields):
            sides = SetAside(problem) if problem else _sides(fields, "not source<TAB>target")
            yield CorpusRow(f"{path.name}:{line}", "\t".join(fields), sides)


def _rows(parallel: ParallelConfig, src: Language, tgt: Language) -> Iterator[CorpusRow]:
    config = parallel.config and parallel.config.replace("{src}", src.tag).replace("{tgt}", tgt.tag)
    source = open_source(parallel.model_copy(update={"config": config}), "parallel", INSTEAD)
    columns: tuple[Column, Column] | None = None
    for row in source.rows:
        place, written = f"{source.name}:{row.number}", row.json or json.dumps(row.content, default=str)
        if row.problem or not isinstance(row.content, dict):
            yield CorpusRow(place, written, SetAside(row.problem or "not an object with named fields"))
            continue
        columns = columns or _columns(row.content, parallel, src, tgt)
        yield CorpusRow(
            place, written, _sides([_value(row.content, column) for column in columns], "not a pair of texts")
        )


def _sides(texts: list[Any], problem: str) -> tuple[str, str] | SetAside:
    sides = [text.strip() for text in texts if isinstance(text, str)]
    if len(texts) != 2 or len(sides) != 2 or not all(sides):
        return SetAside(problem)
    try:
        "".join(sides).encode()
    except UnicodeEncodeError:
        return SetAside("not valid Unicode (a lone surrogate)")
    return sides[0], sides[1]


def _columns(row: Mapping[str, Any], parallel: ParallelConfig, src: Language, tgt: Language) -> tuple[Column, Column]:
    """The columns of both sides: the named ones, otherwise the first usual ones that the row has."""
    named = parallel.fields
    forms = [((named.src,), (named.tgt,))] if named else _usual(src, tgt)
    for first, second in forms:
        if first != second and _has(row, first) and _has(row, second):
            return first, second
    wanted = (
        f"columns {named.src!r} and {named.tgt!r}" if named else f"columns that seem to be {src.name} and {tgt.name}"
    )
    raise UserError(
        f"parallel {parallel.source}: there are no {wanted}, it has {', '.join(map(repr, row))}: name two with "
        f"--set parallel.fields.src=NAME --set parallel.fields.tgt=NAME, or {INSTEAD}"
    )


def _usual(src: Language, tgt: Language) -> Iterator[tuple[Column, Column]]:
    codes = list(product(_codes(src), _codes(tgt)))
    yield from ((("translation", first), ("translation", second)) for first, second in codes)
    if "en" in (src.tag, tgt.tag):
        names = ("english",), ("non_english",)
        yield names if src.tag == "en" else names[::-1]
    yield from (((first,), (second,)) for first, second in codes)
    yield ("src",), ("tgt",)
    yield ("source",), ("target",)


def _codes(language: Language) -> list[str]:
    """The names that a column for a language may have, such as pt, por_Latn and por."""
    tags = (language.tag, language.flores, language.fasttext or "")
    shorter = [language.tag.partition("-")[0], language.flores.partition("_")[0]]
    return list(dict.fromkeys(filter(None, [*tags, *shorter])))


def _has(row: Mapping[str, Any], column: Column) -> bool:
    return column[-1] in _holder(row, column)


def _value(row: Mapping[str, Any], column: Column) -> Any:
    return _holder(row, column).get(column[-1])


def _holder(row: Mapping[str, Any], column: Column) -> Mapping[str, Any]:
    """The dictionary that holds a side's text; it may be the row itself."""
    holder = row if len(column) == 1 else row.get(column[0])
    return holder if isinstance(holder, dict) else {}
