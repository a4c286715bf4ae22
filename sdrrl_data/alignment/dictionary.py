"""Word alignment by a bilingual dictionary of the user's."""

import hashlib
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
    """Adjacent words of a sentence that make up a side of an entry."""

    start: int
    end: int  # excluded
    middle: float  # 0: at the beginning of the sentence, 1: at its end


class DictionaryConfig(AlignerConfig):
    """A bilingual dictionary, one word and one translation a line (MUSE's format)."""

    kind: Literal["dictionary"] = "dictionary"
    source: Annotated[str, Place()]

    def identify(self) -> Ingredient:
        """The dictionary by its file's name and a digest of its content.

        Raises:
            UserError: the file cannot be read.
        """
        digest = hashlib.blake2b(_content(self), digest_size=8).hexdigest()
        return Ingredient("aligner", Path(self.source).name, digest, None)

    def open(self, context: AlignerContext) -> "DictionaryAligner":
        """The aligner, with the dictionary read."""
        return DictionaryAligner(self)


class DictionaryAligner:
    """Links what stands in the dictionary as translations of each other, with confidence 1.

    What is linked once is not linked again: of a word that occurs several times, each occurrence goes with the
    translation at the place most like its own, and longer entries go first. The words of an entry of several words
    are all linked with one another. Case is ignored, and so are spaces and hyphens, which stand between words.
    """

    learns = False

    def __init__(self, settings: DictionaryConfig) -> None:
        """Read the dictionary.

        Raises:
            UserError: the file cannot be read, is not UTF-8, has no entry, or a line is not an entry.
        """
        self._translations: dict[str, set[str]] = defaultdict(set)
        for source, target in _entries(settings):
            self._translations[source].add(target)
        targets = {target for words in self._translations.values() for target in words}
        self._longest = [max(map(len, side)) for side in (self._translations, targets)]

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Nothing is learned from pairs."""

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, by source, then target."""
        return [self._align(source, target) for source, target in pairs]

    def save(self, folder: Path) -> None:
        """There is nothing to save."""

    def load(self, folder: Path) -> None:
        """There is nothing to load."""

    def _align(self, source: Tokens, target: Tokens) -> list[Link]:
        places_of: dict[str, list[_Place]] = defaultdict(list)
        for text, place in _places(target, self._longest[1]):
            places_of[text].append(place)
        possible = [
            (source_place, target_place)
            for text, source_place in _places(source, self._longest[0])
            for translation in self._translations.get(text, ())
            for target_place in places_of.get(translation, ())
        ]
        free, free_there = set(range(len(source))), set(range(len(target)))
        links = []
        for source_place, target_place in sorted(possible, key=_preference):
            words, others = range(source_place.start, source_place.end), range(target_place.start, target_place.end)
            if free.issuperset(words) and free_there.issuperset(others):
                free.difference_update(words)
                free_there.difference_update(others)
                links += [Link(i, j, 1.0) for i in words for j in others]
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
                "mend it, with a tab between the two sides if one has several words"
            )


def _content(settings: DictionaryConfig) -> bytes:
    path = Path(settings.source).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"aligner dictionary: {path} cannot be read ({error.strerror}): "
            "set code_switching.aligner.source to a file of lines such as word<TAB>translation"
        ) from None


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in text if not char.isspace() and char not in HYPHENS)


def _places(tokens: Tokens, longest: int) -> Iterator[tuple[str, _Place]]:
    """Each word, and each run of adjacent words of so many characters, with its place."""
    plain = [_plain(token) for token in tokens]
    for start in range(len(plain)):
        for length, text in enumerate(accumulate(plain[start:]), 1):
            if len(text) > longest:
                break
            yield text, _Place(start, start + length, (2 * start + length) / (2 * len(plain)))


def _preference(pair: tuple[_Place, _Place]) -> tuple[int, float, _Place, _Place]:
    source, target = pair
    return source.start - source.end + target.start - target.end, abs(source.middle - target.middle), source, target
