"""Code-switching of one text: some of its words replaced by their counterparts in a translation."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.words import HYPHENS

# Inside a word these say that it is an abbreviation, or the name of a file or a field.
_MARKS = "._:"
# Letters. Where a script has case, shorter words are mostly clitics and particles.
_SHORTEST = 3


class Sentence(NamedTuple):
    """A sentence: the whole text that it is part of, and where its words stand there (start, end)."""

    text: str
    words: Sequence[tuple[int, int]]

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


class Switched(NamedTuple):
    """What was done to a text: this stretch of the new one stands for `original`."""

    start: int
    end: int
    original: str
    replacement: str
    confidence: float


def find_swaps(
    matrix: Sentence, other: Sentence, links: Sequence[tuple[int, int, float]], min_confidence: float
) -> tuple[int, list[Swap]]:
    """How many words of `matrix` are fit to be switched, and the swaps that are possible.

    Not fit are names, numbers, parts of compounds, words that both languages write alike, and very short words but
    for those that go with a longer one. Words that are linked to several, on either side, switch together, and
    only where they stand together on both sides.

    Args:
        matrix: the sentence in which words are to be replaced.
        other: its translation.
        links: which words belong together: index in `matrix`, index in `other`, confidence.
        min_confidence: how sure the least sure link of a swap must be.
    """
    here, there = _Side(matrix, other), _Side(other, matrix)
    here.fit -= {i for i, j, _ in links if _is_name(here, i, there, j)}
    swaps = []
    for own, theirs, confidence in _blocks(links):
        if confidence < min_confidence or not (here.may_switch(own) and there.may_switch(theirs)):
            continue
        start, end = here.stretch(own)
        original, replacement = matrix.text[start:end], other.text[slice(*there.stretch(theirs))]
        # What begins a sentence on either side is capitalised for that alone.
        if own[0] == 0 or theirs[0] == 0:
            replacement = _with_initial_of(original, replacement)
        if _is_shouted(original):
            replacement = replacement.upper()
        if not _would_run_together(matrix.text, start, end):
            swaps.append(Swap(start, end, replacement, confidence, len(here.counted(own))))
    return len(here.counted(here.fit)), swaps


def choose(swaps: Iterable[Swap], words: int) -> list[Swap]:
    """The first of `swaps` that make up so many words, or one more or less, and do not touch one another."""
    chosen: list[Swap] = []
    missing = words
    for swap in swaps:
        touching = any(swap.start == other.end or other.start == swap.end for other in chosen)
        if missing > 0 and swap.words <= missing + 1 and not touching:
            chosen.append(swap)
            missing -= swap.words
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

    def __init__(self, sentence: Sentence, translation: Sentence) -> None:
        self.text, self.words = sentence
        self.tokens = sentence.tokens()
        alike = {token.casefold() for token in translation.tokens()}
        self.fit = {
            index
            for index, token in enumerate(self.tokens)
            if token.casefold() not in alike
            and not any(char.isdigit() or char in _MARKS for char in token)
            and not self._is_in_compound(index)
        }

    def counted(self, indices: Iterable[int]) -> list[int]:
        """Without the short words, which are never switched alone."""
        return [i for i in indices if len(self.tokens[i]) >= _SHORTEST or not _has_case(self.tokens[i])]

    def may_switch(self, indices: Sequence[int]) -> bool:
        """Whether these words may be replaced, or put in, together."""
        gaps = [self.text[self.words[i][1] : self.words[j][0]] for i, j in pairwise(indices)]
        adjacent = indices[-1] - indices[0] == len(indices) - 1 and all(gap in ("", " ") for gap in gaps)
        return adjacent and self.fit.issuperset(indices) and bool(self.counted(indices))

    def stretch(self, indices: Sequence[int]) -> tuple[int, int]:
        """Where adjacent words begin and end."""
        return self.words[indices[0]][0], self.words[indices[-1]][1]

    def is_capitalised(self, index: int) -> bool:
        """Whether the word has a capital that the beginning of the sentence does not call for."""
        token = self.tokens[index]
        return index > 0 and token[0].isupper() and not token.isupper()

    def _is_in_compound(self, index: int) -> bool:
        start, end = self.words[index]
        return self.text.startswith(HYPHENS, end) or self.text.endswith(HYPHENS, 0, start)


def _is_name(here: _Side, i: int, there: _Side, j: int) -> bool:
    """Whether one of two linked words is capitalised, and the other no lower-case word."""
    capitalised = here.is_capitalised(i) or there.is_capitalised(j)
    return capitalised and not (here.tokens[i][0].islower() or there.tokens[j][0].islower())


def _blocks(links: Iterable[tuple[int, int, float]]) -> list[tuple[list[int], list[int], float]]:
    """Words that hang together by links: their indices on both sides, in order, and the least confidence."""
    blocks: list[tuple[set[int], set[int], float]] = []
    for i, j, confidence in links:
        joined = [block for block in blocks if i in block[0] or j in block[1]]
        blocks = [block for block in blocks if block not in joined]
        own = {i}.union(*(block[0] for block in joined))
        theirs = {j}.union(*(block[1] for block in joined))
        blocks.append((own, theirs, min([confidence, *(block[2] for block in joined)])))
    return [(sorted(own), sorted(theirs), confidence) for own, theirs, confidence in blocks]


def _would_run_together(text: str, start: int, end: int) -> bool:
    """Whether a letter with case or a digit touches this stretch, as it can in scripts without spaces."""
    neighbours = text[max(start - 1, 0) : start] + text[end : end + 1]
    return any(char.isdigit() or _has_case(char) for char in neighbours)


def _with_initial_of(original: str, replacement: str) -> str:
    if _is_shouted(replacement):
        return replacement
    initial = replacement[0].upper() if original[0].isupper() else replacement[0].lower()
    return initial + replacement[1:]


def _is_shouted(text: str) -> bool:
    return len(text) > 1 and text.isupper()


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
