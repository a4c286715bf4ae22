"""A segment of a text, with what a translator of sentences has to know of the text around it."""

from typing import NamedTuple

from sdrrl_data.text.segments import Segment


class Passage(NamedTuple):
    """A segment of a text, the translations of its slots in brackets, and words of its text: none, and names."""

    text: str
    segment: Segment
    slots: tuple[str, ...] = ()
    common_words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
