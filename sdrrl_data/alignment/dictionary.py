"""Word alignment by the user's bilingual dictionary."""

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Ingredient, Link
from sdrrl_data.recipe import AlignerConfig, AlignerContext, Place
from sdrrl_data.text.words import HYPHENS

Tokens = Sequence[str]


class _Place(NamedTuple):
    """Adjacent words of a sentence that are one side of an entry."""

    start: int
    end: int  # excluded
    middle: float  # the position in the sentence, from 0 (its beginning) to 1 (its end)


class DictionaryConfig(AlignerConfig):
    """A bilingual dictionary with one word and one translation per line (MUSE's format)."""

    kind: Literal["dictionary"] = "dictionary"
    source: Annotated[str, Place()]

    def identify(self) -> Ingredient:
        """The dictionary, by the name of its file and a digest of its content.

        Raises:
            UserError: the file cannot be read.
        """
        digest = hashlib.blake2b(_content(self), digest_size=8).hexdigest()
        return Ingredient("aligner", Path(self.source).name, digest, None)

    def open(self, context: AlignerContext) -> "DictionaryAligner":
        """Read the dictionary, and return the aligner."""
        return DictionaryAligner(self)


class DictionaryAligner:
    """Links words that the dictionary has as translations of each other, with confidence 1.

    A word is linked only once: if it occurs several times, each occurrence is linked to the translation at the most
    similar position. Longer entries come first. If an entry has several words, each of them is linked to each word of
    its translation. Case, spaces and hyphens are ignored.
    """

    learns = False

    def __init__(self, settings: DictionaryConfig) -> None:
        """Read the dictionary.

        Raises:
            UserError: the file cannot be read, is not UTF-8, has no entries, or a line is not an entry.
        """
        self._translations: dict[str, set[str]] = defaultdict(set)
        for source, target in _entries(settings):
            self._translations[source].add(target)
        targets = {target for words in self._translations.values() for target in words}
        self._longest = [max(map(len, side)) for side in (self._translations, targets)]

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Do nothing: it does not learn from pairs."""

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, by source, then target."""
        return [self._align(source, target) for source, target in pairs]

    def save(self, folder: Path) -> None:
        """Do nothing: there is nothing to save."""

    def load(self, folder: Path) -> None:
        """Do nothing: there is nothing to load."""

    def _align(self, source: Tokens, target: Tokens) -> list[Link]:
        target_places: dict[str, list[_Place]] = defaultdict(list)
        for text, place in _places(target, self._longest[1]):
            target_places[text].append(place)
        possible = [
            (source_place, target_place)
            for text, source_place in _places(source, self._longest[0])
            for translation in self._translations.get(text, ())
            for target_place in target_places.get(translation, ())
        ]
        unlinked_source, unlinked_target = set(range(len(source))), set(range(len(target)))
        links = []
        for source_place, target_place in sorted(possible, key=_preference):
            source_words = range(source_place.start, source_place.end)
            target_words = range(target_place.start, target_place.end)
            if unlinked_source.issuperset(source_words) and unlinked_target.issuperset(target_words):
                unlinked_source.difference_update(source_words)
                unlinked_target.difference_update(target_words)
                links += [Link(i, j, 1.0) for i in source_words for j in target_words]
        return sorted(links)


def _entries(settings: DictionaryConfig) -> Iterator[tuple[str, str]]:
    """Both sides of each entry, without case, spaces and hyphens."""
    path, content = settings.source, _content(settings)
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        place = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"aligner dictionary: line {place} of {path} is not UTF-8: save the file as UTF-8") from None
    if not any(line.strip() for line in lines):
        raise UserError(f"aligner dictionary: {path} is empty: it needs lines such as word<TAB>translation")
    for number, line in enumerate(lines, 1):
        sides = [_plain(side) for side in (line.split("\t") if "\t" in line else line.split())]
        if len(sides) == 2 and all(sides):
            yield sides[0], sides[1]
        elif line.strip():
            raise UserError(
                f"aligner dictionary: line {number} of {path} is not word<TAB>translation: "
                "correct it, with a tab between the two sides if a side has several words"
            )


def _content(settings: DictionaryConfig) -> bytes:
    path = Path(os.path.expanduser(settings.source))
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"aligner dictionary: {path} cannot be read ({error.strerror}): "
            "set code_switching.aligner.source to a file with lines such as word<TAB>translation"
        ) from None


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in text if not char.isspace() and char not in HYPHENS)


def _places(tokens: Tokens, longest: int) -> Iterator[tuple[str, _Place]]:
    """Each sequence of adjacent words with at most `longest` characters, with its place."""
    plain = [_plain(token) for token in tokens]
    for start in range(len(plain)):
        for length, text in enumerate(accumulate(plain[start:]), 1):
            if len(text) > longest:
                break
            yield text, _Place(start, start + length, (2 * start + length) / (2 * len(plain)))


def _preference(pair: tuple[_Place, _Place]) -> tuple[int, float, _Place, _Place]:
    source, target = pair
    return source.start - source.end + target.start - target.end, abs(source.middle - target.middle), source, target
