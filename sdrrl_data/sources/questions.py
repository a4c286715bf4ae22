"""Rows of datasets as questions: which columns hold the question, and what belongs to it."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sdrrl_data.recipe import SeedFieldsConfig
from sdrrl_data.sources import message_trees, turns
from sdrrl_data.sources.message_trees import Thread
from sdrrl_data.sources.text_sets import strings
from sdrrl_data.sources.turns import NotUnderstood, ToolCalls, Turn

# The usual names of columns, the most likely first. Capitals do not matter.
CONVERSATIONS = ("messages", "conversations", "conversation", "data")
QUESTIONS = (*CONVERSATIONS, "instruction", "prompt", "question", "inputs", "query", "problem")
INPUTS = ("input", "context")
INSTANCES = ("instances",)  # of self-instruct: inputs, each with its output
SYSTEMS = ("system_prompt", "system", "system_message")
HISTORIES = ("history",)
REFERENCES = ("output", "response", "answer", "completion", "targets", "solution", "chosen")
IDS = (
    *("id", "_id", "uid", "uuid", "prompt_id", "conversation_id", "conversation_hash", "question_id", "task_id"),
    *("message_id", "message_tree_id", "custom_id", "key", "idx"),
)
TOOLS = ("tools", "functions")

NOTHING = {"<noinput>", "<no input>", "noinput", "no input", "n/a", "nan", "none", "null"}  # instead of an input
LONGEST_NOTHING = 40  # characters, with white space around it
NO_TOOLS = {"", "[]", "{}", "nan", "none", "null"}
SAMPLE = 100  # rows of a source in which columns are looked for that were not taken


class Question(NamedTuple):
    """A question, with what belongs to it."""

    turns: list[Turn]  # the last is the question
    reference: str | None  # the answer in the source
    source_id: str | None  # its id in the source
    alone: bool  # whether no other text of the row belongs to it, except a system prompt


class Columns(NamedTuple):
    """The columns of a row by what they may hold, the most likely first."""

    questions: tuple[str, ...]
    conversations: tuple[str, ...]  # those of `questions` that hold nothing but lists of messages
    inputs: tuple[str, ...]
    instances: tuple[str, ...]
    systems: tuple[str, ...]
    histories: tuple[str, ...]
    references: tuple[str, ...]
    ids: tuple[str, ...]
    tools: tuple[str, ...]


class QuestionReader:
    """Reads the rows of a source, and remembers which columns it took.

    Args:
        fields: the columns that the recipe names.
    """

    def __init__(self, fields: SeedFieldsConfig) -> None:
        self._fields = fields
        self._columns: dict[tuple[str, ...], Columns] = {}  # by the names of a row's columns
        self._sample: list[tuple[Mapping[str, Any], Sequence[Question]]] = []
        self.taken: dict[str, dict[str, None]] = {}  # "question", "input" and so on -> columns, in order

    def read(self, record: Mapping[str, Any]) -> Sequence[Question]:
        """The questions of a row; mostly one.

        Raises:
            NotUnderstood: there is no question in it, or something is not understood.
        """
        names = tuple(record)
        columns = self._columns.get(names)
        if columns is None:
            columns = self._columns[names] = _columns(names, self._fields)
        for name in columns.tools:
            if _has_tools(record[name]):
                raise ToolCalls(f"{name!r} has something in it")
        column = self._question_column(record, columns)
        value: Any = record.get(column)
        if isinstance(value, str) and column not in columns.conversations:
            questions = self._of_text(value, column, record, columns)
        elif message_trees.is_tree(value):
            questions = [self.of_thread(thread, column) for thread in message_trees.threads(value)]
            if not questions:
                raise NotUnderstood(f"{column!r} has no question of the user")
        else:
            questions = [self._of_conversation(turns.as_list(value), column, record, columns)]
        if len(self._sample) < SAMPLE:
            self._sample.append((record, questions))
        return questions

    def of_thread(self, thread: Thread, column: str) -> Question:
        """A thread of a tree of messages as a question.

        Raises:
            NotUnderstood: a message has a role that is not known.
        """
        self._take("question", column)
        messages = thread.turns()
        if len(messages) > 1:
            self._take("history", column)
        if thread.reply:
            self._take("reference", column)
        messages[-1] = ("user", messages[-1][1].strip())
        reference = thread.reply["text"] if thread.reply else None
        return Question(messages, reference, thread.messages[-1].get("message_id"), len(messages) == 1)

    def not_taken(self) -> list[str]:
        """Columns of the first rows that were not taken."""
        taken = {column for columns in self.taken.values() for column in columns}
        return [
            name
            for name in dict.fromkeys(chain.from_iterable(record for record, _ in self._sample))
            if name not in taken
        ]

    def unused(self) -> list[str]:
        """Columns that look like text in the first rows and were not taken, unless a taken column has the same text."""
        filled, unused = Counter[str](), Counter[str]()
        not_taken = self.not_taken()
        for record, questions in self._sample:
            used = "\n".join(text for question in questions for text in _texts(question))
            for name in record.keys() & not_taken:
                texts = [text.strip() for text in strings(record[name])]
                filled[name] += any(texts)
                unused[name] += any(_looks_like_text(text) and text not in used for text in texts)
        return [name for name in not_taken if unused[name] and unused[name] * 2 >= filled[name]]

    def _take(self, what: str, column: str) -> None:
        columns = self.taken.get(what)
        if columns is None:
            columns = self.taken[what] = {}
        columns[column] = None

    def _question_column(self, record: Mapping[str, Any], columns: Columns) -> str:
        """The first column with anything in it; or else the first that is not null."""
        empty = None
        for name in columns.questions:
            value = record.get(name)
            if value is None or (name.lower() == "data" and not isinstance(turns.as_list(value), list)):
                continue
            if value and not (isinstance(value, str) and value.isspace()):
                return name
            empty = empty or name
        named = self._fields.messages or self._fields.question
        if named:
            raise NotUnderstood(f"{named!r} is empty")
        if empty is None:
            raise NotUnderstood("no column with a usual name of a question has anything in it")
        return empty

    def _of_conversation(self, messages: Any, column: str, record: Mapping[str, Any], columns: Columns) -> Question:
        if not isinstance(messages, list):
            kind = "a list of messages" if column in columns.conversations else "a text"
            raise NotUnderstood(f"{column!r} is not {kind}")
        conversation = turns.read(messages, texts_in_turn=column.lower() != "messages")
        answer = conversation.pop()[1] if conversation and conversation[-1][0] == "assistant" else ""
        if not conversation or conversation[-1][0] != "user":
            raise NotUnderstood(f"{column!r} does not end with a question of the user")
        conversation[-1] = ("user", conversation[-1][1].strip())
        self._take("question", column)
        if conversation[0][0] == "system":
            self._take("system", column)
        else:
            conversation = [*self._system(record, columns), *conversation]
        if answer.strip() and not self._fields.reference:
            self._take("reference", column)
        else:
            answer = self._reference(record, columns) or answer
        alone = len(conversation) == 1 or [role for role, _ in conversation] == ["system", "user"]
        if not alone:
            self._take("history", column)
        return Question(conversation, answer, self._id(record, columns), alone)

    def _of_text(self, text: str, column: str, record: Mapping[str, Any], columns: Columns) -> Sequence[Question]:
        if not text or text.isspace():
            raise NotUnderstood(f"{column!r} is empty")
        self._take("question", column)
        before = [*self._system(record, columns), *self._history(record, columns)]
        inputs = []
        for name in columns.inputs:
            if input_text := _text(record[name], name):
                self._take("input", name)
                inputs.append(input_text)
        source_id = self._id(record, columns) if columns.ids else None
        alone = not inputs and (not before or before[-1][0] == "system")
        for name in columns.instances:
            if instances := turns.as_list(record[name]):
                return [
                    Question(
                        [*before, ("user", _joined(text, [*inputs, *more]))], reference, source_id, alone and not more
                    )
                    for more, reference in self._instances(instances, name)
                ]
        question = _joined(text, inputs) if inputs else text.strip()
        return [Question([*before, ("user", question)], self._reference(record, columns), source_id, alone)]

    def _instances(self, instances: Any, column: str) -> Iterator[tuple[list[str], str | None]]:
        """The input, if any, and the output of each instance."""
        for instance in instances if isinstance(instances, list) else [None]:
            if not isinstance(instance, dict) or not isinstance(instance.get("output"), str | None):
                raise NotUnderstood(f"{column!r} is not a list of objects with input and output")
            text = _text(instance.get("input"), column)
            self._take("reference", column)
            if text:
                self._take("input", column)
            yield [text] if text else [], instance.get("output")

    def _system(self, record: Mapping[str, Any], columns: Columns) -> list[Turn]:
        for name in columns.systems:
            if text := _text(record[name], name):
                self._take("system", name)
                return [("system", text)]
        return []

    def _history(self, record: Mapping[str, Any], columns: Columns) -> list[Turn]:
        """The earlier turns, which end with an answer."""
        for name in columns.histories:
            pairs = turns.as_list(record[name])
            if _is_nothing(pairs):
                continue
            if not isinstance(pairs, list):
                raise NotUnderstood(f"{name!r} is not a list of questions and answers")
            self._take("history", name)
            try:
                history = turns.read(pairs)
            except ToolCalls:
                raise
            except NotUnderstood as problem:
                raise NotUnderstood(f"{name!r}: {problem}") from None
            if history[-1][0] != "assistant" or not history[-1][1].strip():
                raise NotUnderstood(f"{name!r} does not end with an answer")
            return history
        return []

    def _reference(self, record: Mapping[str, Any], columns: Columns) -> str | None:
        for name in columns.references:
            value = record[name]
            text = value if isinstance(value, str) or value is None else _answer(value)
            if text and not text.isspace():
                if turns.has_tool_mark(text):
                    raise ToolCalls(f"{name!r} has one")
                self._take("reference", name)
                return text
            if text is None and value is not None and name == self._fields.reference:
                raise NotUnderstood(f"{name!r} is not a text")
        return None

    def _id(self, record: Mapping[str, Any], columns: Columns) -> str | None:
        name = _id_column(record, columns)
        if name is None:
            return None
        self._take("id", name)
        return str(record[name])


def source_id(record: Mapping[str, Any], fields: SeedFieldsConfig) -> str | None:
    """The id that a row has in its source, if it has one.

    Args:
        record: the row.
        fields: the columns that the recipe names.
    """
    name = _id_column(record, _columns(tuple(record), fields))
    return None if name is None else str(record[name])


def _columns(names: Sequence[str], fields: SeedFieldsConfig) -> Columns:
    """What the columns with these names may hold: those that the recipe names, otherwise the usual ones."""
    named = {column for _, column in fields if column}
    by_usual_name: dict[str, str] = {}
    for name in names:
        if name not in named:
            by_usual_name.setdefault(name.strip().lower(), name)

    def chosen(column: str | None, usual: Sequence[str]) -> tuple[str, ...]:
        if column:
            return (column,) if column in names else ()
        return tuple(by_usual_name[name] for name in usual if name in by_usual_name)

    questions = chosen(fields.messages or fields.question, QUESTIONS)
    if fields.messages:
        conversations = questions
    else:
        conversations = () if fields.question else tuple(name for name in questions if name.lower() in CONVERSATIONS)
    return Columns(
        questions=questions,
        conversations=conversations,
        inputs=chosen(fields.input, INPUTS),
        instances=() if fields.input or fields.reference else chosen(None, INSTANCES),
        systems=chosen(fields.system, SYSTEMS),
        histories=chosen(fields.history, HISTORIES),
        references=chosen(fields.reference, REFERENCES),
        ids=chosen(fields.id, IDS),
        tools=chosen(None, TOOLS),
    )


def _id_column(record: Mapping[str, Any], columns: Columns) -> str | None:
    for name in columns.ids:
        value = record[name]
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return name
    return None


def _has_tools(value: Any) -> bool:
    return value.strip().lower() not in NO_TOOLS if isinstance(value, str) else bool(value) and not _is_nan(value)


def _text(value: Any, column: str) -> str | None:
    """An input or a system prompt; None if the column has nothing, or a word for nothing."""
    if _is_nothing(value):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return "\n\n".join(value)
    raise NotUnderstood(f"{column!r} is not a text")


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace() or (len(value) < LONGEST_NOTHING and value.strip().lower() in NOTHING)
    return value is None or value in ([], {}) or _is_nan(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _joined(question: str, inputs: Sequence[str]) -> str:
    return "\n\n".join([question.rstrip(), *inputs]).strip()


def _answer(value: Any) -> str | None:
    """The text of an answer that is written as a list of one text, as a message, or as messages."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    try:
        messages = turns.read(value if isinstance(value, list) else [value])
    except ToolCalls:
        raise
    except NotUnderstood:
        return None
    return messages[-1][1] if messages and messages[-1][0] == "assistant" else None


def _texts(question: Question) -> Iterator[str]:
    yield from (text for _, text in question.turns)
    yield question.reference or ""


def _looks_like_text(text: str) -> bool:
    """Whether it has several words, or two that end as a sentence, or is in a script without spaces and as long."""
    return (
        text.count(" ") >= (1 if text.endswith((".", "!", "?")) else 3)
        or sum(character >= "\u0e00" for character in text) >= 10
    )
