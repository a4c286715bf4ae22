"""Conversations as datasets write them, as turns with a role and a text.

Read are lists of messages as OpenAI, ShareGPT, LLaMA-Factory, WildChat and Tulu have them; lists of texts, user and
assistant in turn (LIMA, UltraChat); and lists of pairs (LLaMA-Factory's `history`, Capybara).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Turn = tuple[str, str]  # role, text

ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "model", "bot", "ai"), "assistant"),
}
SPEAKERS = ("user", "assistant")
TOOL_ROLES = {"tool", "tool_call", "tool_calls", "tool_response", "tool_result", "observation", "ipython"}
TOOL_ROLES |= {"function", "function_call", "function_response"}
TOOL_KEYS = ("tool_calls", "function_call")  # of a message
TOOL_PARTS = {"tool_use", "tool_result", "tool_call", "function_call"}
TEXT_PARTS = {"text", "input_text", "output_text"}
REASONING_PARTS = {"thinking", "redacted_thinking", "reasoning"}
PAIRS = (("input", "output"), ("user", "assistant"), ("human", "assistant"), ("human", "gpt"), ("question", "answer"))


class NotUnderstood(Exception):
    """Why a row cannot be read."""


class ToolCalls(NotUnderstood):
    """A row has tool calls. Reasons that differ only within “” are counted together."""

    def __init__(self, where: str) -> None:
        super().__init__(f"tool calls: “{where}”")


def has_tool_mark(text: str) -> bool:
    """Whether a text calls a tool."""
    if "<" in text and ("<tool_call>" in text or "<tool_response>" in text or "<functioncall>" in text):
        return True
    return "[TOOL_CALLS]" in text


def as_list(value: Any) -> Any:
    """A list that is written as JSON (in tables), or as an object of lists (by `datasets`); other values unchanged."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            content = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return content if isinstance(content, list) else value
    columns = list(value.values()) if isinstance(value, dict) else []
    if columns and all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(value, items, strict=True)) for items in zip(*columns, strict=True)]
    return value


def read(messages: Sequence[Any], texts_in_turn: bool = True) -> list[Turn]:
    """The turns of a conversation, without an empty system prompt.

    Args:
        messages: messages, pairs of user and assistant, or texts.
        texts_in_turn: whether texts are understood: the first is the user's.

    Raises:
        NotUnderstood: it has another form, tool calls, a part that is not text, or an empty turn before the last.
    """
    turns = list(_turns(messages, texts_in_turn))
    for number, (role, text) in enumerate(turns, 1):
        if role == "system" and number > 1:
            raise NotUnderstood(f"turn {number} is a system prompt, which only the first can be")
        if not text.strip() and (role == "user" or (role == "assistant" and number < len(turns))):
            raise NotUnderstood(f"turn {number} is empty")
        if has_tool_mark(text):
            raise ToolCalls(f"turn {number} has one in its text")
    return turns[1:] if turns and turns[0][0] == "system" and not turns[0][1].strip() else turns


def _turns(messages: Sequence[Any], texts_in_turn: bool) -> Iterator[Turn]:
    if texts_in_turn and messages and all(isinstance(message, str) for message in messages):
        yield from ((SPEAKERS[number % 2], text) for number, text in enumerate(messages))
        return
    for number, message in enumerate(messages, 1):
        if isinstance(message, dict):
            yield from _of_message(message, number)
        elif isinstance(message, list | tuple) and len(message) == 2:
            yield from ((role, _text(text, role, number)) for role, text in zip(SPEAKERS, message, strict=True))
        else:
            raise NotUnderstood(f"turn {number} is not an object with a role and a content")


def _of_message(message: Mapping[str, Any], number: int) -> Iterator[Turn]:
    """The turn of a message; or two, if it holds a question and its answer."""
    given_role = message.get("role") or message.get("from")
    if given_role is None and (pair := _pair(message)):
        yield from ((role, _text(text, role, number)) for role, text in zip(SPEAKERS, pair, strict=True))
        return
    name = given_role.strip().lower() if isinstance(given_role, str) else None
    if name in TOOL_ROLES:
        raise ToolCalls(f"turn {number} has the role {given_role!r}")
    if name not in ROLES:
        raise NotUnderstood(f"turn {number} has the role {given_role!r}, not system, user or assistant")
    if any(message.get(key) for key in TOOL_KEYS):
        raise ToolCalls(f"turn {number} makes one")
    text = next((message[key] for key in ("content", "value", "text") if message.get(key) is not None), None)
    yield ROLES[name], _text(text, ROLES[name], number)


def _pair(message: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """The question and the answer that an object holds."""
    for question, answer in PAIRS:
        if question in message and answer in message:
            return message[question], message[answer]
    return None


def _text(content: Any, role: str, number: int) -> str:
    """The text of a turn, whose content may be a list of parts; reasoning is left out."""
    if isinstance(content, str):
        return content
    if content is None and role == "assistant":  # it may have written nothing but reasoning
        return ""
    if not isinstance(content, list):
        raise NotUnderstood(f"turn {number} has no text")
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif kind in TOOL_PARTS:
            raise ToolCalls(f"turn {number} has a part of the type {kind!r}")
        elif kind in TEXT_PARTS and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind not in REASONING_PARTS:
            raise NotUnderstood(f"turn {number} has a part of the type {kind!r}, which is not text")
    return "\n".join(texts)
