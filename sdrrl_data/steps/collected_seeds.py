"""The questions that were read so far, each once."""

from collections.abc import Sequence

import polars as pl

from sdrrl_data.run import SOURCE_ID
from sdrrl_data.sources.questions import Question
from sdrrl_data.sources.turns import NotUnderstood, Turn
from sdrrl_data.steps.collected import Collected
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.seed_ids import encoded, identity
from sdrrl_data.text.missing_texts import speaks_of_missing_text

TURNS: Schema = {"id": pl.String, "role": pl.String, "content": pl.String}

DUPLICATE = "the same question stands in an earlier row"
MISSING_TEXT = "the question speaks of a text that is not there"
LONGEST_PROMPT = 300  # characters of a system prompt that hardly holds the text that a question speaks of


class CollectedSeeds(Collected):
    """Questions, each turn of which is an entry of some lists.

    Args:
        limit: how many to read; None for all.
    """

    def __init__(self, limit: int | None) -> None:
        super().__init__(limit)
        self._seen: set[int] = set()  # ids, as numbers: a million take 100 MB less than as texts
        self._clear()

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
        self._count()

    def _taken(self) -> pl.DataFrame:
        rows = (
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
        return rows


def _lacks_text(turns: Sequence[Turn]) -> bool:
    """Whether the question speaks of a text that it does not have; a long system prompt may have it."""
    return speaks_of_missing_text(turns[-1][1]) and sum(len(text) for _, text in turns[:-1]) <= LONGEST_PROMPT


def _text(text: str | None) -> str | None:
    """The text; None if it is empty."""
    if not text or text.isspace():
        return None
    encoded(text)
    return text
