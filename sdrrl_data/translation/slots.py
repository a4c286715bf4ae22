"""Translates the words of slots, such as "[Your Name]", by themselves."""

import re
from collections.abc import Callable, Sequence

from sdrrl_data.protocols import SetAside
from sdrrl_data.text.segments import words_of_slots
from sdrrl_data.text.slots import inside
from sdrrl_data.translation.passage import Passage
from sdrrl_data.translation.passages import Translated, text_of

_BRACKET = re.compile(r"[\[\]{}<>]")


def with_slots(
    passages: Sequence[Passage], translate: Callable[[Sequence[Passage]], list[list[Translated]]]
) -> list[Passage | SetAside]:
    """The passages with the translations of their slots; set aside where a slot cannot be translated.

    Args:
        passages: without translations of slots.
        translate: translates passages, which have no slots.
    """
    names = [
        passage._replace(segment=words)
        for passage in passages
        for words in words_of_slots(passage.text, passage.segment)
    ]
    units = iter(translate(names)) if names else iter(())
    return [
        _filled(passage, [next(units) for span in passage.segment.spans if span.role == "slot"]) for passage in passages
    ]


def _filled(passage: Passage, units: Sequence[list[Translated]]) -> Passage | SetAside:
    if not units:
        return passage
    slots = []
    spans = [span for span in passage.segment.spans if span.role == "slot"]
    for (start, end, _), units_of_slot in zip(spans, units, strict=True):
        words_start, words_end = inside(passage.text, start, end)
        words = text_of(passage.text, (words_start, words_end), units_of_slot)
        if isinstance(words, SetAside):
            return words
        if _BRACKET.search(words) or not any(map(str.isalnum, words)):
            return SetAside("the words of a slot are lost")
        slots.append(passage.text[start:words_start] + words + passage.text[words_end:end])
    return passage._replace(slots=tuple(slots))
