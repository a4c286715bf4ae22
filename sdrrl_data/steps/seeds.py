"""Seeds: the questions that the model will be asked, each a list of messages that ends with the user's turn."""

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import NativeTextsConfig, SeedsConfig
from sdrrl_data.run import SET_ASIDE, SOURCE_ID, Table
from sdrrl_data.run.stored import StoredRows
from sdrrl_data.sources import message_trees
from sdrrl_data.sources.questions import QUESTIONS, Question, QuestionReader, source_id
from sdrrl_data.sources.row_files import Row
from sdrrl_data.sources.row_sources import open_source
from sdrrl_data.sources.turns import NotUnderstood, Turn
from sdrrl_data.steps.schemas import MESSAGES, Schema
from sdrrl_data.suggestions import instead, listed
from sdrrl_data.text.missing_texts import speaks_of_missing_text

SCHEMA: Schema = {"id": pl.String, "messages": MESSAGES, "reference": pl.String, "source": pl.String}
READ_SCHEMA: Schema = SCHEMA | {SOURCE_ID: pl.String}

TURNS: Schema = {"id": pl.String, "role": pl.String, "content": pl.String}

PARTS = ("question", "text", "input", "system", "history", "reference", "id")  # of a seed, which columns may hold
TAB = "\t"
DUPLICATE = "the same question stands in an earlier row"
MISSING_TEXT = "the question speaks of a text that is not there"
STORED_TOGETHER = 10_000  # questions that are in memory while a source is read
LONGEST_PROMPT = 300  # characters of a system prompt that hardly holds the text that a question speaks of


class UnusedColumns(UserWarning):
    """A source of seeds has columns with text that were not taken."""


class MissingColumn(UserError):
    """A source of seeds lacks the column that the settings name, or any with a usual name of a question."""

    def __init__(self, problem: str, columns: Sequence[str], remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem = problem
        self.columns = columns  # that it has


class SourceColumns(NamedTuple):
    """What was read from a source, and which of its columns were taken."""

    source: str  # the file or dataset
    questions: int
    set_aside: int
    taken: Mapping[str, Sequence[str]]  # of `PARTS` -> columns
    not_taken: Sequence[str]  # columns
    unused: Sequence[str]  # those of them that look like text
    key: str = "seeds"  # of the source in the recipe
    unit: str = "question"  # what was read
    separator: str | None = None  # see `RowSource`
    first_set_aside: str = ""  # its place, and why

    def sentence(self) -> str:
        """What was read, and from which columns, in one line."""
        questions = f"{self.questions} {self.unit}{'s' * (self.questions != 1)}"
        if not self.set_aside:
            return f"seeds {self.source}: {questions} ({self.in_words()})"
        rows = f"{self.set_aside} row{'s' * (self.set_aside != 1)} set aside"
        why = f" ({'the first: ' * (self.set_aside != 1)}{self.first_set_aside})" if self.first_set_aside else ""
        return f"seeds {self.source}: {questions}, {rows}{why} ({self.in_words()})"

    def in_words(self) -> str:
        """Which columns were taken for what, which were not, and what separates them, if that is not plain."""
        if Path(self.source).suffix.lower() == ".txt":
            return "each line is one"
        parts: dict[str, list[str]] = {}  # columns -> what is in them
        for part in PARTS:
            if columns := self.taken.get(part):
                parts.setdefault(" and ".join(map(repr, columns)), []).append(part)
        taken = "; ".join(f"{', '.join(part)}: {columns}" for columns, part in parts.items())
        if self.not_taken:
            taken += f"; not taken: {listed([*map(repr, self.not_taken)])}"
        if self.separator:
            taken += f"; {'a tab' if self.separator == TAB else repr(self.separator)} separates the columns"
        return taken

    def doubt(self) -> str | None:
        """One sentence if columns that look like text were not taken."""
        if not self.unused:
            return None
        columns = ", ".join(map(repr, self.unused))
        leave_out = f"{self.key}.leave_out={json.dumps([*self.unused], ensure_ascii=False)}"
        return (
            f"seeds {self.source}: columns with text that are not used: {columns}; if one belongs to the questions, "
            f"name it with --set {self.key}.fields.input=NAME (or .question, .system, .history, .reference); if none "
            f"does, say so with --set {shlex.quote(leave_out)}"
        )


class Seeds(NamedTuple):
    """The questions of all sources."""

    rows: pl.DataFrame  # as in `READ_SCHEMA`
    set_aside: pl.DataFrame
    columns: Sequence[SourceColumns]  # of each source that was read


class StoredSeeds(NamedTuple):
    """The questions of all sources, too many for memory."""

    rows: StoredRows  # as in `READ_SCHEMA`
    set_aside: pl.DataFrame
    columns: Sequence[SourceColumns]


def read(sources: Sequence[SeedsConfig], limit: int | None) -> Seeds:
    """As `stored`, but with all questions in memory."""
    rows, set_aside, columns = stored(sources, limit)
    return Seeds(pl.concat([pl.DataFrame(schema=READ_SCHEMA), *rows.files()]), set_aside, columns)


def stored(sources: Sequence[SeedsConfig], limit: int | None) -> StoredSeeds:
    """Read the questions in the order of their sources, each question once.

    Args:
        sources: where the questions are, and in which columns.
        limit: how many questions to read; None for all.

    Returns:
        Rows as in `READ_SCHEMA`: `id` is a hash of the messages, `reference` the answer in the source, if any, `source`
        the place, such as "tasks.jsonl:12", `source_id` the row's id in the source, if any. A row that is set aside has
        this place as its id, because it may have no question to compute an id from.

    Raises:
        MissingColumn: a source lacks a column that the settings name, or any with a usual name of a question.
        UserError: a source cannot be read, or has no question.
    """
    collected = _CollectedSeeds(limit)
    columns = []
    for number, settings in enumerate(sources):
        if collected.full:
            break
        columns.append(_read(settings, collected, f"seeds.{number}" if len(sources) > 1 else "seeds"))
    set_aside = pl.DataFrame(collected.set_aside, schema=SET_ASIDE, orient="row")
    return StoredSeeds(collected.rows(), set_aside, columns)


class _CollectedSeeds:
    """The questions that were read so far."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.full = False
        self.count = 0
        self._seen: set[int] = set()  # ids, as numbers: a million take 100 MB less than as texts
        self._stored = StoredRows()
        self._clear()
        self.set_aside: list[tuple[str, str, str]] = []  # place, reason, content

    def _clear(self) -> None:
        """Forget the questions in memory."""
        self._places: list[str] = []  # source and number
        self._references: list[str | None] = []
        self._source_ids: list[str | None] = []
        # One entry for each turn: polars is slow with rows and with nested Python objects.
        self._ids: list[str] = []
        self._roles: list[str] = []
        self._contents: list[str] = []

    def add(self, place: str, question: Question) -> None:
        """Add a question.

        Raises:
            NotUnderstood: it cannot be asked, or was added before.
        """
        if question.alone and _lacks_text(question.turns):
            raise NotUnderstood(MISSING_TEXT)
        id = identity(question.turns)
        if int(id, 16) in self._seen:
            raise NotUnderstood(DUPLICATE)
        reference, id_in_source = _text(question.reference), _text(question.source_id)
        self._seen.add(int(id, 16))
        self._places.append(place)
        self._references.append(reference)
        self._source_ids.append(id_in_source)
        for role, content in question.turns:
            self._ids.append(id)
            self._roles.append(role)
            self._contents.append(content)
        self.count += 1
        self.full = self.count == self._limit
        if len(self._places) == STORED_TOGETHER:
            self._store()

    def put_aside(self, place: str, problem: object, row: Row) -> None:
        """Set a row aside, or one of its questions."""
        self.set_aside.append((place, str(problem), row_as_json(row)))

    def rows(self) -> StoredRows:
        """The table."""
        if self._places:
            self._store()
        return self._stored

    def _store(self) -> None:
        self._stored.add(
            pl.DataFrame({"id": self._ids, "role": self._roles, "content": self._contents}, schema=TURNS)
            .group_by("id", maintain_order=True)
            .agg(messages=pl.struct("role", "content"))
            .with_columns(
                pl.Series("reference", self._references, dtype=pl.String),
                pl.Series("source", self._places, dtype=pl.String),
                pl.Series(SOURCE_ID, self._source_ids, dtype=pl.String),
            )
        )
        self._clear()


def _read(settings: SeedsConfig, collected: _CollectedSeeds, key: str) -> SourceColumns:
    source = open_source(settings, "seeds", "give a local file with --seeds")
    if source.columns:
        _check_columns(settings, source.columns, key)
    reader = QuestionReader(settings.fields)
    seen: dict[str, Any] = {}  # its keys are all columns of all rows
    first_place, first_set_aside = collected.count, len(collected.set_aside)
    first_row = next(source.rows, None)
    rows = _without(settings.leave_out, chain([first_row] if first_row else [], source.rows))
    named = settings.fields.messages or settings.fields.question
    if first_row and isinstance(first_row.content, dict) and message_trees.is_message(first_row.content) and not named:
        _read_messages(rows, source.name, reader, collected)
    else:
        _read_rows(rows, source.name, reader, collected, seen)
    if seen:
        _check_columns(settings, list(seen), key)
    refused = collected.set_aside[first_set_aside:]
    reason = ": ".join(refused[0][:2]) if refused else ""
    if collected.count == first_place:
        raise UserError(f"seeds {settings.source}: there is no question in it ({reason or 'it has no rows'})")
    return SourceColumns(
        source.name,
        collected.count - first_place,
        len(refused),
        {part: list(columns) for part, columns in reader.taken.items()},
        reader.not_taken(),
        reader.unused(),
        key,
        separator=source.separator,
        first_set_aside=reason,
    )


def _without(columns: Sequence[str], rows: Iterator[Row]) -> Iterator[Row]:
    """The rows without these columns."""
    for row in rows:
        if columns and isinstance(row.content, dict):
            row = row._replace(content={name: value for name, value in row.content.items() if name not in columns})
        yield row


def _read_rows(
    rows: Iterator[Row], name: str, reader: QuestionReader, collected: _CollectedSeeds, seen: dict[str, Any]
) -> None:
    """Read rows that are independent of each other."""
    for row in rows:
        place = f"{name}:{row.number}"
        try:
            record = _record(row)
            seen.update(record)
            questions = reader.read(record)
        except NotUnderstood as problem:
            collected.put_aside(place, problem, row)
            continue
        for question in questions:
            try:
                collected.add(place, question)
            except NotUnderstood as problem:
                collected.put_aside(place, problem, row)
            if collected.full:
                return


def _read_messages(rows: Iterator[Row], name: str, reader: QuestionReader, collected: _CollectedSeeds) -> None:
    """Read rows that are messages of trees; the rows of a tree stand together."""
    for _, tree_rows in groupby(rows, key=_tree_id):
        by_id: dict[str, Row] = {}
        for row in tree_rows:
            if not isinstance(row.content, dict) or not message_trees.is_message(row.content):
                collected.put_aside(f"{name}:{row.number}", row.problem or "not a message of a tree", row)
            elif row.content["message_id"] in by_id:
                collected.put_aside(f"{name}:{row.number}", "the same message stands in an earlier row", row)
            else:
                by_id[row.content["message_id"]] = row
        _read_trees(by_id, name, reader, collected)
        if collected.full:
            return


def _read_trees(by_id: Mapping[str, Row], name: str, reader: QuestionReader, collected: _CollectedSeeds) -> None:
    """Read the threads of trees as questions, and set those messages aside that stand in none.

    Args:
        by_id: the rows of the trees' messages.
        name: of the source.
        reader: takes the columns.
        collected: gets the questions.
    """
    messages = {id: row.content for id, row in by_id.items()}
    read_ids: set[str] = set()
    problems: dict[str, str] = {}  # first message of a tree -> why not all of it was read
    for tree in message_trees.grown(list(messages.values())):
        try:
            for thread in message_trees.threads(tree):
                question = reader.of_thread(thread, "text")
                ids = [message["message_id"] for message in (*thread.messages, *filter(None, [thread.reply]))]
                read_ids.update(ids)
                row = by_id[thread.messages[-1]["message_id"]]
                try:
                    collected.add(f"{name}:{row.number}", question)
                except NotUnderstood as problem:
                    collected.put_aside(f"{name}:{row.number}", problem, row)
                if collected.full:
                    return
        except NotUnderstood as problem:
            problems[tree["message_id"]] = str(problem)
    for id, row in by_id.items():
        if id not in read_ids:
            reason = message_trees.why_unread(id, messages, problems)
            collected.put_aside(f"{name}:{row.number}", reason, row)


def _tree_id(row: Row) -> Any:
    return row.content.get("message_tree_id") if isinstance(row.content, dict) else None


def refuse_other_columns(settings: SeedsConfig | NativeTextsConfig, columns: Sequence[str], key: str) -> None:
    """Refuse a source without the columns that its settings name.

    Args:
        settings: of the source.
        columns: that it has.
        key: of the source in the recipe.

    Raises:
        MissingColumn: one of them is not there.
    """
    for field, column in settings.fields:
        if column is not None and column not in columns:
            raise MissingColumn(
                f"seeds {settings.source}: there is no column {column!r}, it has {', '.join(map(repr, columns))}",
                columns,
                instead(
                    column,
                    columns,
                    f"--set {key}.fields.{field}=",
                    f"name another with --set {key}.fields.{field}=NAME",
                ),
            )


def _check_columns(settings: SeedsConfig, columns: Sequence[str], key: str) -> None:
    """Refuse a source without the columns that the settings name, or without any that may hold a question."""
    refuse_other_columns(settings, columns, key)
    has = f"it has {', '.join(map(repr, columns))}"
    usual = {column.strip().lower() for column in columns} & set(QUESTIONS)
    of_messages = set(columns) >= message_trees.COLUMNS
    if not (settings.fields.messages or settings.fields.question or usual or of_messages):
        raise MissingColumn(
            f"seeds {settings.source}: no column has a usual name of a question, {has}",
            columns,
            f"name one with --set {key}.fields.question=NAME",
        )


def beginnings_of_ids(table: Table, given: str) -> tuple[str, ...]:
    """What the ids of rows begin with that a user means by an id, in any table of a run.

    Args:
        table: the seeds.
        given: the id of a seed in its source; or the beginning of such an id, or of an id of a row in the run.
    """
    rows = table.read_all() if table.parts() else pl.DataFrame()
    if SOURCE_ID not in rows.columns:
        return (given,)
    exact = rows.filter(pl.col(SOURCE_ID) == given)["id"].to_list()
    return tuple(exact) or (given, *rows.filter(pl.col(SOURCE_ID).str.starts_with(given))["id"])


def has_source_id(row: str, given: str, sources: Sequence[SeedsConfig]) -> bool:
    """Whether a row that was set aside has this id in its source.

    Args:
        row: the row as JSON.
        given: the id.
        sources: the sources of the seeds, which may name the column.
    """
    try:
        record = json.loads(row)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and any(source_id(record, source.fields) == given for source in sources)


def _record(row: Row) -> dict[str, Any]:
    if row.problem:
        raise NotUnderstood(row.problem)
    if not isinstance(row.content, dict):
        raise NotUnderstood("not an object with named fields")
    return row.content


def _lacks_text(turns: Sequence[Turn]) -> bool:
    """Whether the question speaks of a text that it does not have; a long system prompt may have it."""
    return speaks_of_missing_text(turns[-1][1]) and sum(len(text) for _, text in turns[:-1]) <= LONGEST_PROMPT


def row_as_json(row: Row) -> str:
    """A row of a source, to be set aside."""
    return row.json or json.dumps(row.content, default=str)


def hashed(text: str) -> str:
    """16 hex digits that stand for a text."""
    return hashlib.blake2b(_encode(text), digest_size=8).hexdigest()


def _text(text: str | None) -> str | None:
    """The text; None if it is empty."""
    if not text or text.isspace():
        return None
    _encode(text)
    return text


_quote = json.JSONEncoder(ensure_ascii=False).encode


def identity(turns: Sequence[Turn]) -> str:
    """The id of a seed: 16 hex digits that stand for the canonical JSON of its messages (role, content)."""
    # Put together by hand, which is faster.
    messages = ",".join([f'{{"content":{_quote(content)},"role":"{role}"}}' for role, content in turns])
    return hashed(f"[{messages}]")


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotUnderstood("not valid Unicode (a lone surrogate)") from None
