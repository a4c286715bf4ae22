"""Messages in the forms that chat templates take."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sdrrl_data.chat import thinking
from sdrrl_data.protocols import Message

TemplateMessage = Mapping[str, Any]
"""A message as a template takes it: its content may be a list, and there may be other fields."""

ReasoningForm = Literal["in the content", "in a field", "nowhere"]
"""Where a template takes the reasoning of an answer from."""

# The names of such fields: of Qwen3, GLM and Nemotron; of OpenAI's servers; of gpt-oss and LFM2.5.
FIELDS = ("reasoning_content", "reasoning", "thinking")


class ConversationRefused(Exception):
    """The template does not render this conversation, and why."""


def in_parts(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    """The messages with lists of parts for content, as the templates of models that see pictures take them."""
    return [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]


def fold_system(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    """The messages with system texts as the beginning of the user's next turn.

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
        raise ConversationRefused("it takes no system text, and no user's turn follows to take it in")
    return folded


def take_reasoning(
    answer: Message, form: ReasoningForm, markers: Sequence[thinking.Pair]
) -> tuple[TemplateMessage, str | None]:
    """An answer in the form that the template takes, and its reasoning, None where it has none.

    Args:
        answer: the message; a reasoning section in it is between the markers of a transfer set, or the model's own.
        form: where the template takes the reasoning from.
        markers: the model's own.
    """
    content = answer["content"]
    reasoning, text = thinking.split(content, [thinking.MARKERS[0], *markers])
    if form == "in the content" or text == content:
        return answer, reasoning
    fields = dict.fromkeys(FIELDS, reasoning) if reasoning and form == "in a field" else {}
    return {**answer, "content": text, **fields}, reasoning
