"""The columns of a source of seeds: which were taken, and which are not there."""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import NativeTextsConfig, SeedsConfig
from sdrrl_data.sources import message_trees
from sdrrl_data.sources.questions import QUESTIONS
from sdrrl_data.suggestions import instead, listed

PARTS = ("question", "text", "input", "system", "history", "reference", "id")  # of a seed, which columns may hold
TAB = "\t"


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


def check_columns(settings: SeedsConfig, columns: Sequence[str], key: str) -> None:
    """The same, and refuse a source without any column that may hold a question.

    Raises:
        MissingColumn: one is not there, or none has a usual name of a question.
    """
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
