"""The texts of a row with their translations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sdrrl_data.protocols import Message, TextPair, Unit


def turns(row: Mapping[str, Any]) -> list[TextPair]:
    """Each turn of a question: columns `messages` of the seeds, `question` and `question_units` of the translations."""
    messages = zip(row["messages"], row["question"], row["question_units"], strict=True)
    return [_pair(source["content"], target["content"], units) for source, target, units in messages]


def question(row: Mapping[str, Any]) -> TextPair:
    """All turns of a question as one text, so that a bad turn is noticed wherever it is."""
    source, target, units = "", "", []
    for number, turn in enumerate(turns(row)):
        gap = "\n\n" if number else ""
        source, target = source + gap, target + gap
        units += [Unit(a + len(source), b + len(source), c + len(target), d + len(target)) for a, b, c, d in turn.units]
        source, target = source + turn.source, target + turn.target
    return TextPair(source, target, units)


def answer(row: Mapping[str, Any]) -> TextPair:
    """The answer: column `source_answer`, and `answer` and `answer_units` of the translations."""
    return _pair(row["source_answer"], row["answer"], row["answer_units"])


OF_TEXT = {"question": question, "answer": answer}


def asked_answer(row: Mapping[str, Any]) -> TextPair:
    """The same with what was asked: columns `messages` of the seeds, `question` of the translations."""
    return answer(row)._replace(asked=(row["messages"], row["question"]))


def sample(messages: Sequence[Message], text: str) -> TextPair:
    """One of several answers to the same conversation, as a target without a source: what is alike is judged once."""
    return TextPair("", text, [], (messages, messages))


def _pair(source: str, target: str, units: Iterable[Mapping[str, int]]) -> TextPair:
    return TextPair(source, target, [Unit(**unit) for unit in units])
