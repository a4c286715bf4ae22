"""The texts of a page, each once, however many rows have it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sdrrl_data.protocols import TextPair
from sdrrl_data.text import masking

LONGEST = 4000  # characters of a text that are shown: about a thousand tokens
Span = tuple[int, int]


class Texts:
    """Collects texts. A row refers to a text by its number here."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []  # `text`; `protected`: spans in UTF-16 units; `cut`: characters left out
        self.size = 0  # roughly, in bytes of the page
        self._numbers: dict[str, int] = {}

    def add(self, text: str, protected: Sequence[Span] = ()) -> int:
        """The number of a text, which is added if it is new.

        Args:
            text: of a row.
            protected: the spans of it that no translation changes, in order (characters, end excluded).
        """
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.items)
            item: dict[str, Any] = {"text": text[:LONGEST]}
            if len(text) > LONGEST:
                item["cut"] = len(text) - LONGEST
            self.items.append(item)
            self.size += len(item["text"].encode("utf-8", "replace"))
        if protected:
            self.items[number]["protected"] = in_utf16(text[:LONGEST], protected)
        return number


def in_utf16(text: str, spans: Iterable[Span]) -> list[Span]:
    """Spans of a text as JavaScript counts them: a character beyond the first 65,536 counts twice.

    Args:
        text: spans that begin behind its end are left out, and those that end there are cut.
        spans: in characters, end excluded.
    """
    within = [(start, min(end, len(text))) for start, end in spans if start < len(text)]
    if not any(character > "\uffff" for character in text):
        return within
    places = [0]
    for character in text:
        places.append(places[-1] + 1 + (character > "\uffff"))
    return [(places[start], places[end]) for start, end in within]


def protected(pair: TextPair) -> tuple[list[Span], list[Span]]:
    """The spans that the translation left as they are, in the source and in its translation.

    They are the protected spans within sentences, and what stands between sentences as far as it has letters: code.
    """
    sides: tuple[list[Span], list[Span]] = [], []
    ends = [0, 0]
    for unit in [*pair.units, None]:
        starts = (unit.source_start, unit.target_start) if unit else (len(pair.source), len(pair.target))
        for side, text in enumerate((pair.source, pair.target)):
            between = text[ends[side] : starts[side]]
            if any(character.isalpha() for character in between):
                start = ends[side] + len(between) - len(between.lstrip())
                sides[side].append((start, start + len(between.strip())))
        if unit:
            for spans in masking.kept(pair, unit):
                for side, span in enumerate(spans):
                    sides[side].append(span)
            ends = [unit.source_end, unit.target_end]
    return sides
