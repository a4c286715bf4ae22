"""Code-switching of one text: some of its words replaced by their counterparts in a translation."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.clitics import leaning
from sdrrl_data.text.words import HYPHENS

# Inside a word these say that it is an abbreviation, or the name of a file or a field.
_MARKS = "._:"
# Letters. Where a script has case, shorter words are mostly clitics and particles.
_SHORTEST = 3
_LONGEST_PHRASE = 5  # words

Link = tuple[int, int, float]
Words = tuple[int, ...]  # their indices, in order
Block = tuple[Words, Words, float]  # words on both sides, and the least confidence of their links


class Sentence(NamedTuple):
    """A sentence: the whole text that it is part of, where its words stand there (start, end), its language's tag."""

    text: str
    words: Sequence[tuple[int, int]]
    language: str = ""

    def tokens(self) -> list[str]:
        """The words."""
        return [self.text[start:end] for start, end in self.words]


class Swap(NamedTuple):
    """What could be done to a text: replace this stretch, in which so many words count as switched."""

    start: int
    end: int
    replacement: str
    confidence: float
    words: int
    text: str = ""  # which one, where there are several


class Switched(NamedTuple):
    """What was done to a text: this stretch of the new one stands for `original`."""

    start: int
    end: int
    original: str
    replacement: str
    confidence: float


class Aligned:
    """A sentence and its translation, and which of their words could be put in each other's place.

    Not fit are names, numbers, parts of compounds, words that both languages write alike, and particles and very short
    words but for those that go with a longer one. Words that are linked to several, on either side, switch together,
    and only where they stand together on both sides.
    """

    def __init__(self, matrix: Sentence, other: Sentence, links: Sequence[Link]) -> None:
        """Look at both sides.

        Args:
            matrix: the sentence in which words are to be replaced.
            other: its translation.
            links: which words belong together: index in `matrix`, index in `other`, confidence.
        """
        ours, theirs = matrix.tokens(), other.tokens()
        self._here = _Side(matrix, ours, theirs, {i: j for i, j, _ in links})
        self._there = _Side(other, theirs, ours, {j: i for i, j, _ in links})
        names = [(i, j) for i, j, _ in links if _is_name(self._here, i, self._there, j)]
        self._here.fit.difference_update(i for i, _ in names)
        self._there.fit.difference_update(j for _, j in names)
        self._links = links
        self._blocks = _blocks(links)

    def turned(self) -> "Aligned":
        """The same, with words to be replaced in the other sentence."""
        turned = object.__new__(Aligned)
        turned._here, turned._there = self._there, self._here
        turned._links = [(j, i, sure) for i, j, sure in self._links]
        turned._blocks = [(there_words, here_words, sure) for here_words, there_words, sure in self._blocks]
        return turned

    def fit(self) -> int:
        """How many words of the sentence are fit to be switched."""
        return len(self._here.counted(self._here.fit))

    def swaps(self, min_confidence: float) -> list[Swap]:
        """The swaps that are possible, where so sure is the least sure link."""
        return self._made(
            (self._here.trimmed(here_words), self._there.trimmed(there_words), sure)
            for here_words, there_words, sure in self._blocks
            if sure >= min_confidence
        )

    def phrases(self, min_confidence: float) -> list[Swap]:
        """The swaps of phrases: two to five adjacent words on each side, with no link to a word outside.

        They overlap, and each begins and ends with words that could be switched alone.
        """
        return self._made(
            (here_words, there_words, sure)
            for here_words, there_words, sure in _phrases(self._links)
            if sure >= min_confidence and self._here.may_frame(here_words) and self._there.may_frame(there_words)
        )

    def _made(self, blocks: Iterable[Block]) -> list[Swap]:
        """The swaps of these words for those, as far as they may be made."""
        here, other_side = self._here, self._there
        swaps = [
            _swap(here, here_words, other_side, there_words, confidence)
            for here_words, there_words, confidence in blocks
            if here.may_switch(here_words)
            and other_side.may_switch(there_words)
            and not _loses_clitic(here, here_words, other_side, there_words)
        ]
        return [swap for swap in swaps if not _would_run_together(here.text, swap)]


def choose(swaps: Iterable[Swap], words: float) -> list[Swap]:
    """Of `swaps`, those that make up so many words, or up to one more or less, and neither overlap nor touch.

    The first ones are taken, unless they stand so that others leave more room.
    """
    offered = list(swaps)
    chosen = _first(offered, words)
    if _size(chosen) < words - 1:
        packed = _first(sorted(offered, key=lambda swap: (swap.text, swap.end)), words)
        chosen = max(chosen, packed, key=_size)
    return sorted(chosen)


def replace(text: str, swaps: Sequence[Swap]) -> tuple[str, list[Switched]]:
    """The text with these swaps made (they come in order), and what was done."""
    new = ""
    done = 0
    switched = []
    for swap in swaps:
        new += text[done : swap.start]
        start, done = len(new), swap.end
        new += swap.replacement
        original = text[swap.start : swap.end]
        switched.append(Switched(start, len(new), original, swap.replacement, swap.confidence))
    return new + text[done:], switched


class _Side:
    """One of two sentences that are translations of each other, and its words that are fit to be switched."""

    def __init__(
        self, sentence: Sentence, tokens: list[str], translation: list[str], counterparts: dict[int, int]
    ) -> None:
        self.text, self.words, _ = sentence
        self.tokens = tokens
        self.leaning = leaning(tokens, self.words, counterparts, sentence.language)
        alike = {token.casefold() for token in translation}
        self._shouts = all(map(str.isupper, tokens))
        self._has_hyphens = any(hyphen in self.text for hyphen in HYPHENS)
        self.fit = {
            index
            for index, token in enumerate(self.tokens)
            if token.casefold() not in alike
            and (token.isalpha() or not any(char.isdigit() or char in _MARKS for char in token))
            and not self._is_in_compound(index)
        }

    def counted(self, indices: Iterable[int]) -> list[int]:
        """Without particles and short words, which are never switched alone."""
        return [
            i
            for i in indices
            if i not in self.leaning.particles and (len(self.tokens[i]) >= _SHORTEST or not _has_case(self.tokens[i]))
        ]

    def trimmed(self, indices: Words) -> Words:
        """Without particles at both ends that are no part of a word beside them."""
        firm = [place for place, index in enumerate(indices) if not self._is_loose(index)]
        return indices[firm[0] : firm[-1] + 1] if firm else ()

    def may_frame(self, indices: Words) -> bool:
        """Whether both ends of a phrase are words that could be switched alone."""
        return len(self.counted((indices[0], indices[-1]))) == 2

    def may_switch(self, indices: Words) -> bool:
        """Whether these words may be replaced, or put in, together."""
        if not indices or not self.fit.issuperset(indices) or not self.counted(indices):
            return False
        first, last = indices[0], indices[-1]
        gaps = [self.text[self.words[i][1] : self.words[j][0]] for i, j in pairwise(indices)]
        adjacent = last - first == len(indices) - 1 and all(gap in ("", " ") for gap in gaps)
        return adjacent and first - 1 not in self.leaning.tied and last not in self.leaning.tied

    def stretch(self, indices: Words) -> tuple[int, int]:
        """Where adjacent words begin and end."""
        return self.words[indices[0]][0], self.words[indices[-1]][1]

    def clitics(self, indices: Words) -> int:
        """How many of these words carry a clitic."""
        return sum(index in self.leaning.laden for index in indices)

    def is_capitalised(self, index: int) -> bool:
        """Whether the word has a capital that the beginning of the sentence does not call for."""
        token = self.tokens[index]
        return index > 0 and token[0].isupper() and not token.isupper()

    def is_acronym(self, index: int) -> bool:
        """Whether the word is in capitals, and not every word is."""
        return _is_shouted(self.tokens[index]) and not self._shouts

    def begins_sentence(self, index: int) -> bool:
        """Whether the word stands first, or after the end of a sentence that ends within this one."""
        return index == 0 or any(mark in self.text[self.words[index - 1][1] : self.words[index][0]] for mark in ".!?")

    def _is_loose(self, index: int) -> bool:
        tied = self.leaning.tied
        return index in self.leaning.particles and index not in tied and index - 1 not in tied

    def _is_in_compound(self, index: int) -> bool:
        if not self._has_hyphens:
            return False
        start, end = self.words[index]
        return self.text.startswith(HYPHENS, end) or self.text.endswith(HYPHENS, 0, start)


def _swap(here: _Side, here_words: Words, other_side: _Side, there_words: Words, confidence: float) -> Swap:
    start, end = here.stretch(here_words)
    original, replacement = here.text[start:end], other_side.text[slice(*other_side.stretch(there_words))]
    # What begins a sentence on either side is capitalised for that alone.
    if here.begins_sentence(here_words[0]) or other_side.begins_sentence(there_words[0]):
        replacement = _with_initial_of(original, replacement)
    if _is_shouted(original):
        replacement = replacement.upper()
    return Swap(start, end, replacement, confidence, len(here.counted(here_words)))


def _is_name(here: _Side, i: int, other_side: _Side, j: int) -> bool:
    """Whether one of two linked words is capitalised, and the other no lower-case word; or both are acronyms."""
    word, other = here.tokens[i], other_side.tokens[j]
    capitalised = here.is_capitalised(i) or other_side.is_capitalised(j)
    acronym = (here.is_acronym(i) and _is_plain(other)) or (other_side.is_acronym(j) and _is_plain(word))
    return acronym or (capitalised and not (word[0].islower() or other[0].islower()))


def _loses_clitic(here: _Side, here_words: Words, other_side: _Side, there_words: Words) -> bool:
    """Whether a word carries a clitic ("dog's") and its counterpart has no word for it ("cão")."""
    ours, others = here.clitics(here_words), other_side.clitics(there_words)
    difference = len(here_words) + ours - len(there_words) - others
    return bool((ours and difference > 0) or (others and difference < 0))


def _blocks(links: Iterable[Link]) -> list[Block]:
    """Words that hang together by links."""
    blocks: list[tuple[set[int], set[int], float]] = []
    by_own: dict[int, int] = {}  # the number of each word's block
    by_other: dict[int, int] = {}
    for i, j, confidence in links:
        here_words, there_words = {i}, {j}
        if i in by_own or j in by_other:
            for number in {block_of[word] for block_of, word in ((by_own, i), (by_other, j)) if word in block_of}:
                more, others, sure = blocks[number]
                here_words, there_words, confidence = here_words | more, there_words | others, min(confidence, sure)
                blocks[number] = set(), set(), 0.0
        by_own.update(dict.fromkeys(here_words, len(blocks)))
        by_other.update(dict.fromkeys(there_words, len(blocks)))
        blocks.append((here_words, there_words, confidence))
    return [
        (tuple(sorted(here_words)), tuple(sorted(there_words)), confidence)
        for here_words, there_words, confidence in blocks
        if here_words
    ]


def _phrases(links: Iterable[Link]) -> Iterator[Block]:
    """Two to five adjacent words on each side of which none is linked to a word outside.

    The first and the last word of each side are linked (Koehn et al. 2003, section 3.1).
    """
    by_own: dict[int, list[Link]] = {}
    reach: dict[int, tuple[int, int]] = {}  # of each word on the other side: the first and last that it is linked to
    for i, j, confidence in links:
        by_own.setdefault(i, []).append((i, j, confidence))
        low, high = reach.get(j, (i, i))
        reach[j] = min(low, i), max(high, i)
    for first in by_own:
        inside = list(by_own[first])
        for last in range(first + 1, first + _LONGEST_PHRASE):
            if last not in by_own:
                continue
            inside += by_own[last]
            low, high = min(j for _, j, _ in inside), max(j for _, j, _ in inside)
            theirs = tuple(range(low, high + 1))
            if len(theirs) > _LONGEST_PHRASE:
                break
            if low < high and all(first <= reach[j][0] and reach[j][1] <= last for j in theirs if j in reach):
                yield tuple(range(first, last + 1)), theirs, min(sure for _, _, sure in inside)


def _first(swaps: Iterable[Swap], words: float) -> list[Swap]:
    chosen: list[Swap] = []
    taken: set[tuple[str, int]] = set()
    missing = words
    for swap in swaps:
        if missing < 0.5:
            break
        places = {(swap.text, place) for place in range(swap.start, swap.end + 1)}
        if swap.words <= missing + 1 and taken.isdisjoint(places):
            chosen.append(swap)
            taken |= places
            missing -= swap.words
    return chosen


def _size(swaps: Iterable[Swap]) -> int:
    return sum(swap.words for swap in swaps)


def _would_run_together(text: str, swap: Swap) -> bool:
    """Whether a letter with case or a digit touches this stretch, as it can in scripts without spaces."""
    neighbours = text[max(swap.start - 1, 0) : swap.start] + text[swap.end : swap.end + 1]
    return any(char.isdigit() or _has_case(char) for char in neighbours)


def _with_initial_of(original: str, replacement: str) -> str:
    if _is_shouted(replacement) or not _has_case(original[0]):
        return replacement
    initial = replacement[0].upper() if original[0].isupper() else replacement[0].lower()
    return initial + replacement[1:]


def _is_shouted(text: str) -> bool:
    return len(text) > 1 and text.isupper()


def _is_plain(text: str) -> bool:
    """Whether a word is in capitals, or in a script that has none."""
    return text.upper() == text


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
