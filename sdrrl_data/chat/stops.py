"""What ends a turn in a chat template."""

from typing import NamedTuple

from sdrrl_data.chat.messages import ConversationRefused
from sdrrl_data.chat.shape import ANSWER, ASSISTANT, NEXT, QUESTION, USER
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import Message


class Stop(NamedTuple):
    """What ends a turn, besides the model's own end-of-sequence tokens."""

    tokens: list[int]
    texts: list[str]  # not part of the turn


def find_stops(template: ChatTemplate) -> dict[str, Stop]:
    """What ends a turn, by whose turn it is: "user", "assistant"."""
    following: Message = {"role": "user", "content": NEXT}
    try:
        text = template.shape.text([QUESTION, ANSWER, following])
    except ConversationRefused:
        text = ""
    after_user, _, rest = text.partition(USER)[2].partition(ASSISTANT)
    assistant = _read(template, rest.partition(NEXT)[0])
    tokens = dict.fromkeys([*assistant.tokens, *template.ends])
    return {
        "user": _read(template, after_user),
        "assistant": Stop([token for token in tokens if token not in template.within], assistant.texts),
    }


def _read(template: ChatTemplate, separator: str) -> Stop:
    """The added tokens in the text between two turns; and its first line, if it does not begin with such a token."""
    ends = template.added_tokens(separator)
    tokens = [token for token in template.tokens([separator])[0] if template.tokenizer.decode([token]).strip()]
    if not tokens or tokens[0] in ends:
        return Stop(ends, [])
    line = separator.strip().splitlines()[0].rstrip()
    begins_a_line = "\n" in separator[: separator.index(line)]
    return Stop(ends, ["\n" + line if begins_a_line else line])
