"""Trees of messages, as OpenAssistant publishes them: a message may have several replies, of which some are ranked.

A row is a tree (`*.trees.jsonl`), or a message, and the messages of a tree stand together (`*.messages.jsonl`, and the
Parquet files on the Hub). Source: https://huggingface.co/datasets/OpenAssistant/oasst1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sdrrl_data.sources.turns import ROLES, NotUnderstood, Turn

COLUMNS = {"message_id", "parent_id", "role", "text"}  # of rows that are messages

UNUSED_REPLY = "another reply is ranked higher, and no question follows this one"
MISSING_PARENT = "the message that it replies to does not stand beside it"
REMOVED = "the message was deleted, failed its review, is empty, or replies to such a message"


class Thread(NamedTuple):
    """A conversation that ends with a question."""

    messages: Sequence[Mapping[str, Any]]  # the last is the question
    reply: Mapping[str, Any] | None  # the best one to the question

    def turns(self) -> list[Turn]:
        """Its turns.

        Raises:
            NotUnderstood: a role is not known.
        """
        return [(_role(message), message["text"]) for message in self.messages]


def is_tree(value: Any) -> bool:
    """Whether a value is the first message of a tree."""
    return isinstance(value, dict) and "replies" in value and "text" in value


def threads(tree: Mapping[str, Any]) -> Iterator[Thread]:
    """Every thread of a tree, from its first message to its last question, each question once.

    Args:
        tree: the first message, with its `replies`.

    Raises:
        NotUnderstood: the first message cannot be used, or a message is not one.
    """
    if not _usable(tree):
        raise NotUnderstood(REMOVED)
    unread: list[tuple[Mapping[str, Any], ...]] = [(tree,)]
    while unread:
        path = unread.pop()
        message, replies = path[-1], [reply for reply in _replies(path[-1]) if _usable(reply)]
        best_first = sorted(replies, key=_rank)
        if _role(message) == "user" and (not replies or any(not _has_usable_replies(reply) for reply in replies)):
            yield Thread(path, best_first[0] if best_first else None)
        unread += [(*path, reply) for reply in reversed(best_first)]


def is_message(record: Mapping[str, Any]) -> bool:
    """Whether a row is a message of a tree."""
    texts = (record.get("message_id"), record.get("role"), record.get("text"))
    has_texts = record.keys() >= COLUMNS and all(isinstance(text, str) for text in texts)
    return has_texts and isinstance(record["parent_id"], str | None)


def grown(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Trees from their messages. A message whose parent is not among these is in none of them."""
    by_id: dict[str, dict[str, Any]] = {message["message_id"]: {**message, "replies": []} for message in messages}
    for message in by_id.values():
        if message["parent_id"] and message["parent_id"] in by_id:  # an empty id would be its own parent
            by_id[message["parent_id"]]["replies"].append(message)
    return [message for message in by_id.values() if not message["parent_id"]]


def why_unread(id: str, messages: Mapping[str, Mapping[str, Any]], problems: Mapping[str, str]) -> str:
    """Why a message stands in no thread.

    Args:
        id: of the message.
        messages: those of its tree, by their ids.
        problems: why the trees could not be read whole, by the ids of their first messages.
    """
    passed: set[str] = set()
    while id not in passed:
        passed.add(id)
        message = messages[id]
        if not _usable(message):
            return REMOVED
        if not message["parent_id"]:
            return problems.get(id, UNUSED_REPLY)
        if message["parent_id"] not in messages:
            break
        id = message["parent_id"]
    return MISSING_PARENT


def _usable(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        raise NotUnderstood("a message of the tree has no text")
    return bool(message["text"].strip()) and not message.get("deleted") and message.get("review_result") is not False


def _has_usable_replies(message: Mapping[str, Any]) -> bool:
    return any(_usable(reply) for reply in _replies(message))


def _replies(message: Mapping[str, Any]) -> list[Any]:
    replies = message.get("replies") or []
    if not isinstance(replies, list):
        raise NotUnderstood("the replies to a message of the tree are not a list")
    return replies


def _role(message: Mapping[str, Any]) -> str:
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise NotUnderstood(f"a message of the tree has the role {role!r}, not prompter or assistant")
    return ROLES[role]


def _rank(message: Mapping[str, Any]) -> tuple[bool, float]:
    """Sorts the best reply first, and replies without a rank last."""
    rank = message.get("rank")
    # Not as a float: a whole number may be too large for one.
    return (False, rank) if isinstance(rank, int | float) else (rank is None, 0.0)
