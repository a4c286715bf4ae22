"""Seeds: the questions that the model will be asked, each a list of messages that ends with the user's turn."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import SeedFieldsConfig, SeedsConfig
from sdrrl_data.run import SET_ASIDE, Part
from sdrrl_data.sources.row_files import Row
from sdrrl_data.sources.row_sources import open_source
from sdrrl_data.steps.schemas import MESSAGES

SCHEMA = {"id": pl.String, "messages": MESSAGES, "reference": pl.String, "source": pl.String}

# The usual names of columns, the most likely first.
CONVERSATIONS = ("messages", "conversations")
QUESTIONS = (*CONVERSATIONS, "instruction", "prompt", "question")
INPUTS = ("input", "context")
REFERENCES = ("output", "response", "answer", "completion")
ROLES = {"system": "system", "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant"}

Turn = tuple[str, str]  # role, content


class _Unusable(Exception):
    """Why a row cannot be used."""


def read(sources: Sequence[SeedsConfig], limit: int | None) -> Part:
    """Read the questions in the order of their sources, each question once.

    Args:
        sources: where the questions are, and in which columns.
        limit: how many questions to read; None for all.

    Returns:
        Rows as in `SCHEMA`: `id` is a hash of the messages, `reference` the answer in the source, if any,
        `source` the place, such as "tasks.jsonl:12". A row that is set aside has this place as its id, because
        it may have no question to compute an id from.

    Raises:
        UserError: a source cannot be read, lacks a column that the settings name, or has no question.
    """
    collected = _CollectedSeeds()
    for settings in sources:
        if len(collected.places) == limit:
            break
        _read(settings, limit, collected)
    return Part(collected.rows(), pl.DataFrame(collected.set_aside, schema=SET_ASIDE, orient="row"))


class _CollectedSeeds:
    """The questions that were read so far."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}  # id -> source and number
        self.references: list[str | None] = []
        self.turns: list[tuple[str, str, str]] = []  # id, role, content
        self.set_aside: list[tuple[str, str, str]] = []  # place, reason, content

    def add(self, place: str, messages: Sequence[Turn], reference: str | None) -> None:
        id = identity(messages)
        if id in self.places:
            raise _Unusable("the same question stands in an earlier row")
        self.places[id] = place
        self.references.append(reference)
        self.turns += [(id, role, content) for role, content in messages]

    def rows(self) -> pl.DataFrame:
        """The table, built from one row per turn: polars is slow with nested Python objects."""
        return (
            pl.DataFrame(self.turns, schema={"id": pl.String, "role": pl.String, "content": pl.String}, orient="row")
            .group_by("id", maintain_order=True)
            .agg(messages=pl.struct("role", "content"))
            .with_columns(
                reference=pl.Series(self.references, dtype=pl.String),
                source=pl.Series(list(self.places.values()), dtype=pl.String),
            )
        )


def _read(settings: SeedsConfig, limit: int | None, collected: _CollectedSeeds) -> None:
    source = open_source(settings, "seeds", "give a local file with --seeds")
    if source.columns:
        _check_columns(settings, source.columns)
    seen: dict[str, Any] = {}  # its keys are all columns of all rows
    first_place, first_set_aside = len(collected.places), len(collected.set_aside)
    for row in source.rows:
        place = f"{source.name}:{row.number}"
        try:
            record = _record(row)
            seen.update(record)
            collected.add(place, *_conversation(record, settings.fields))
        except _Unusable as problem:
            collected.set_aside.append((place, str(problem), row.json or json.dumps(row.content, default=str)))
            continue
        if len(collected.places) == limit:
            break
    if seen:
        _check_columns(settings, list(seen))
    if len(collected.places) == first_place:
        refused = collected.set_aside[first_set_aside:]
        reason = ": ".join(refused[0][:2]) if refused else "it has no rows"
        raise UserError(f"seeds {settings.source}: there is no question in it ({reason})")


def _check_columns(settings: SeedsConfig, columns: Sequence[str]) -> None:
    """Refuse a source without the columns that the settings name, or without any that may hold a question."""
    has = f"it has {', '.join(map(repr, columns))}"
    for field, column in settings.fields:
        if column is not None and column not in columns:
            raise UserError(
                f"seeds {settings.source}: there is no column {column!r}, {has}: "
                f"name another with --set seeds.fields.{field}=NAME"
            )
    if not (settings.fields.messages or settings.fields.question or set(QUESTIONS) & set(columns)):
        raise UserError(
            f"seeds {settings.source}: no column has a usual name of a question, {has}: "
            "name one with --set seeds.fields.question=NAME"
        )


def _record(row: Row) -> dict[str, Any]:
    if row.problem:
        raise _Unusable(row.problem)
    if not isinstance(row.content, dict):
        raise _Unusable("not an object with named fields")
    return row.content


def _conversation(record: Mapping[str, Any], fields: SeedFieldsConfig) -> tuple[list[Turn], str | None]:
    """The turns up to the last question, and the reference answer."""
    column = fields.messages or fields.question or _usual(record, QUESTIONS)
    if column is None:
        raise _Unusable("no column with a usual name of a question has anything in it")
    value = record.get(column)
    if value is None:
        raise _Unusable(f"{column!r} is empty")
    if isinstance(value, list):
        turns = _turns(value)
        answer = turns.pop()[1] if turns and turns[-1][0] == "assistant" else None
        if not turns or turns[-1][0] != "user":
            raise _Unusable(f"{column!r} does not end with a question of the user")
        turns[-1] = ("user", turns[-1][1].strip())
        if answer is None or fields.reference:
            answer = _reference(record, fields)
        return turns, _text(answer)
    if column in (*CONVERSATIONS, fields.messages):
        raise _Unusable(f"{column!r} is not a list of messages")
    if not isinstance(value, str):
        raise _Unusable(f"{column!r} is not a text")
    return [("user", _question(value, column, record, fields))], _text(_reference(record, fields))


def _turns(messages: Sequence[Any]) -> list[Turn]:
    """The turns of messages with `role` and `content`, or with ShareGPT's `from` and `value`."""
    turns = []
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict):
            raise _Unusable(f"turn {number} is not an object with a role and a content")
        role = message.get("role") or message.get("from")
        content = message.get("content")
        if content is None:
            content = message.get("value")
        if not isinstance(role, str) or role not in ROLES:
            raise _Unusable(f"turn {number} has the role {role!r}, not system, user or assistant")
        if not isinstance(content, str):
            raise _Unusable(f"turn {number} has no text")
        if ROLES[role] == "system" and number > 1:
            raise _Unusable(f"turn {number} is a system prompt, which only the first can be")
        if ROLES[role] == "user" and not content.strip():
            raise _Unusable(f"turn {number} is empty")
        turns.append((ROLES[role], content))
    return turns


def _question(question: str, column: str, record: Mapping[str, Any], fields: SeedFieldsConfig) -> str:
    """A question, with the text it is about, which may be in another column."""
    if not question.strip():
        raise _Unusable(f"{column!r} is empty")
    input_column = fields.input or (_usual(record, INPUTS) if column == "instruction" else None)
    text = record.get(input_column) if input_column else None
    if not isinstance(text, str | None):
        raise _Unusable(f"{input_column!r} is not a text")
    return (f"{question.rstrip()}\n\n{text}" if text else question).strip()


def _reference(record: Mapping[str, Any], fields: SeedFieldsConfig) -> str | None:
    column = fields.reference or _usual(record, REFERENCES)
    value = record.get(column) if column else None
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0].get("content")  # TRL's conversational `completion`
    if isinstance(value, str):
        return value
    if fields.reference and value is not None:
        raise _Unusable(f"{column!r} is not a text")
    return None  # the column only looked like a reference


def _usual(record: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of these columns that is not null in this row."""
    for name in names:
        if record.get(name) is not None:
            return name
    return None


def _text(text: str | None) -> str | None:
    """The text; None if it is empty."""
    if not text or text.isspace():
        return None
    _encode(text)
    return text


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _Unusable("not valid Unicode (a lone surrogate)") from None


_quote = json.JSONEncoder(ensure_ascii=False).encode


def identity(turns: Sequence[Turn]) -> str:
    """The id of a seed: 16 hex digits that stand for the canonical JSON of its messages (role, content)."""
    # Put together by hand, which is faster.
    messages = ",".join([f'{{"content":{_quote(content)},"role":"{role}"}}' for role, content in turns])
    return hashlib.blake2b(_encode(f"[{messages}]"), digest_size=8).hexdigest()
