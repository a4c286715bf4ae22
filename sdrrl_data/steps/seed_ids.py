"""The ids of seeds: the run's own, which stand for their messages, and those that they have in their sources."""

import hashlib
import json
from collections.abc import Sequence

import polars as pl

from sdrrl_data.recipe import SeedsConfig
from sdrrl_data.run import SOURCE_ID, Table
from sdrrl_data.sources.questions import source_id
from sdrrl_data.sources.turns import NotUnderstood, Turn

_quote = json.JSONEncoder(ensure_ascii=False).encode


def identity(turns: Sequence[Turn]) -> str:
    """The id of a seed: 16 hex digits that stand for the canonical JSON of its messages (role, content)."""
    # Put together by hand, which is faster.
    messages = ",".join([f'{{"content":{_quote(content)},"role":"{role}"}}' for role, content in turns])
    return hashed(f"[{messages}]")


def hashed(text: str) -> str:
    """16 hex digits that stand for a text."""
    return hashlib.blake2b(encoded(text), digest_size=8).hexdigest()


def encoded(text: str) -> bytes:
    """A text in UTF-8.

    Raises:
        NotUnderstood: it is not valid Unicode.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotUnderstood("not valid Unicode (a lone surrogate)") from None


def beginnings_of_ids(table: Table, given: str) -> tuple[str, ...]:
    """What the ids of rows begin with that a user means by an id, in any table of a run.

    Args:
        table: the seeds.
        given: the id of a seed in its source; or the beginning of such an id, or of an id of a row in the run.
    """
    rows = table.read_all(columns=("id", SOURCE_ID)) if table.parts() else pl.DataFrame()
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
