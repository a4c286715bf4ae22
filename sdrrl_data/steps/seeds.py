"""Seeds: the questions that the model will be asked, each a list of messages that ends with the user's turn."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import SeedsConfig
from sdrrl_data.run import SOURCE_ID
from sdrrl_data.run.stored import StoredRows
from sdrrl_data.sources import message_trees
from sdrrl_data.sources.questions import QuestionReader
from sdrrl_data.sources.row_files import Row
from sdrrl_data.sources.row_sources import open_source
from sdrrl_data.sources.turns import NotUnderstood
from sdrrl_data.steps.collected_seeds import CollectedSeeds
from sdrrl_data.steps.schemas import MESSAGES, Schema
from sdrrl_data.steps.seed_columns import SourceColumns, check_columns

SCHEMA: Schema = {"id": pl.String, "messages": MESSAGES, "reference": pl.String, "source": pl.String}
READ_SCHEMA: Schema = SCHEMA | {SOURCE_ID: pl.String}


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
    collected = CollectedSeeds(limit)
    columns = []
    for number, settings in enumerate(sources):
        if collected.full:
            break
        columns.append(_read(settings, collected, f"seeds.{number}" if len(sources) > 1 else "seeds"))
    return StoredSeeds(collected.rows(), collected.set_aside(), columns)


def _read(settings: SeedsConfig, collected: CollectedSeeds, key: str) -> SourceColumns:
    source = open_source(settings, "seeds", "give a local file with --seeds")
    if source.columns:
        check_columns(settings, source.columns, key)
    reader = QuestionReader(settings.fields)
    seen: dict[str, Any] = {}  # its keys are all columns of all rows
    count_before, refused_before = collected.count, len(collected.refused)
    first_row = next(source.rows, None)
    rows = _without(settings.leave_out, chain([first_row] if first_row else [], source.rows))
    named = settings.fields.messages or settings.fields.question
    if first_row and isinstance(first_row.content, dict) and message_trees.is_message(first_row.content) and not named:
        _read_messages(rows, source.name, reader, collected)
    else:
        _read_rows(rows, source.name, reader, collected, seen)
    if seen:
        check_columns(settings, list(seen), key)
    reason = collected.first_refused(since=refused_before)
    if collected.count == count_before:
        raise UserError(f"seeds {settings.source}: there is no question in it ({reason or 'it has no rows'})")
    return SourceColumns(
        source.name,
        collected.count - count_before,
        len(collected.refused) - refused_before,
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
    rows: Iterator[Row], name: str, reader: QuestionReader, collected: CollectedSeeds, seen: dict[str, Any]
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


def _read_messages(rows: Iterator[Row], name: str, reader: QuestionReader, collected: CollectedSeeds) -> None:
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


def _read_trees(by_id: Mapping[str, Row], name: str, reader: QuestionReader, collected: CollectedSeeds) -> None:
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


def _record(row: Row) -> dict[str, Any]:
    if row.problem:
        raise NotUnderstood(row.problem)
    if not isinstance(row.content, dict):
        raise NotUnderstood("not an object with named fields")
    return row.content
