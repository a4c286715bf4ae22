"""Messages in the forms that chat templates take."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sdrrl_data.chat import thinking
from sdrrl_data.protocols import Message

TemplateMessage = Mapping[str, Any]
"""A message as a template takes it: its content may be a list, and there may be other fields."""

ReasoningForm = Literal["in the content", "in a field", "nowhere"]
"""Where a template expects the reasoning of an answer."""

# Names of that field: in Qwen3, GLM and Nemotron; on OpenAI's servers; in gpt-oss and LFM2.5.
FIELDS = ("reasoning_content", "reasoning", "thinking")


class ConversationRefused(Exception):
    """The template does not render this conversation; the message says why."""


def in_parts(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    """The messages with a list of parts as content, as the templates of models that see pictures expect."""
    return [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]


def fold_system(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    """The messages with each system text at the beginning of the user's next turn.

    Raises:
        ConversationRefused: no user's turn follows.
    """
    folded: list[TemplateMessage] = []
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "system":
            waiting.append(message["content"])
        elif message["role"] == "user":
            folded.append({**message, "content": "\n\n".join([*waiting, message["content"]])})
            waiting = []
        else:
            folded.append(message)
    if waiting:
        raise ConversationRefused("it has no place for a system text, and no user's turn follows that could have it")
    return folded


def take_reasoning(
    answer: Message, form: ReasoningForm, markers: Sequence[thinking.Pair]
) -> tuple[TemplateMessage, str | None]:
    """An answer in the form that the template expects, and its reasoning; None if it has no reasoning.

    Args:
        answer: the message. A reasoning section in it has the markers of transfer sets, or those of the model.
        form: where the template expects the reasoning.
        markers: those of the model.
    """
    content = answer["content"]
    reasoning, text = thinking.split(content, [thinking.MARKERS[0], *markers])
    if form == "in the content" or text == content:
        return answer, reasoning
    fields = dict.fromkeys(FIELDS, reasoning) if reasoning and form == "in a field" else {}
    return {**answer, "content": text, **fields}, reasoning
