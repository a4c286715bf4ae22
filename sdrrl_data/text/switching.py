"""Code-switching of one text: some of its words replaced by their counterparts in a translation."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

_HYPHENS = "-‐‑"
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
    """What could be done to a text: replace this stretch, which holds so many words."""

    start: int
    end: int
    replacement: str
    confidence: float
    words: int


class Switched(NamedTuple):
    """What was done: this stretch of the new text stands for `original`."""

    start: int
    end: int
    original: str
    replacement: str
    confidence: float


def find_swaps(
    matrix: Sentence, other: Sentence, links: Sequence[tuple[int, int, float]], min_confidence: float
) -> tuple[int, list[Swap]]:
    """How many words of `matrix` are fit to be switched, and the swaps that are possible.

    Not fit are names, numbers, very short words, parts of compounds, and words that both languages write alike.
    Words linked to several switch together, and only where they stand together on both sides.

    Args:
        matrix: the sentence in which words are to be replaced.
        other: its translation.
        links: which words belong together: index in `matrix`, index in `other`, confidence.
        min_confidence: how sure the least sure link of a swap must be.
    """
    names = {i for i, j, _ in links if _is_name(matrix, i, other, j)}
    fit = _fit(matrix, other) - names
    fit_there = _fit(other, matrix)
    swaps = []
    for own, theirs, confidence in _blocks(links):
        if confidence < min_confidence or not (fit.issuperset(own) and fit_there.issuperset(theirs)):
            continue
        if not (_stand_together(matrix, own) and _stand_together(other, theirs)):
            continue
        start, end = matrix.words[own[0]][0], matrix.words[own[-1]][1]
        if _is_glued(matrix.text, start, end):
            continue
        replacement = other.text[other.words[theirs[0]][0] : other.words[theirs[-1]][1]]
        if own[0] == 0 or theirs[0] == 0:
            replacement = _with_initial_of(matrix.text[start:end], replacement)
        replacement = replacement.upper() if _is_shouted(matrix.text[start:end]) else replacement
        swaps.append(Swap(start, end, replacement, confidence, len(own)))
    return len(fit), swaps


def choose(swaps: Iterable[Swap], words: int) -> list[Swap]:
    """The first of `swaps` that make up so many words, or one more or less, and do not touch each other."""
    chosen: list[Swap] = []
    missing = words
    for swap in swaps:
        apart = all(swap.end != other.start and other.end != swap.start for other in chosen)
        if missing > 0 and swap.words <= missing + 1 and apart:
            chosen.append(swap)
            missing -= swap.words
    return sorted(chosen)


def replace(text: str, swaps: Sequence[Swap]) -> tuple[str, list[Switched]]:
    """The text with these swaps made (in order, without overlap), and what was done."""
    pieces: list[str] = []
    switched: list[Switched] = []
    done = length = 0
    for swap in swaps:
        pieces += text[done : swap.start], swap.replacement
        start = length + swap.start - done
        done, length = swap.end, start + len(swap.replacement)
        original = text[swap.start : swap.end]
        switched.append(Switched(start, length, original, swap.replacement, swap.confidence))
    return "".join([*pieces, text[done:]]), switched


def _fit(sentence: Sentence, translation: Sentence) -> set[int]:
    there = {token.casefold() for token in translation.tokens()}
    return {
        index
        for index, (token, (start, end)) in enumerate(zip(sentence.tokens(), sentence.words, strict=True))
        if token.casefold() not in there
        and not any(char.isdigit() or char in _MARKS for char in token)
        and (len(token) >= _SHORTEST or not _has_case(token))
        and not _is_in_compound(sentence.text, start, end)
    }


def _blocks(links: Iterable[tuple[int, int, float]]) -> list[tuple[list[int], list[int], float]]:
    """Words that hang together by links: their indices on both sides, in order, and the least confidence."""
    blocks: list[tuple[set[int], set[int], float]] = []
    for i, j, confidence in links:
        own, theirs = {i}, {j}
        apart = []
        for block in blocks:
            if i in block[0] or j in block[1]:
                own |= block[0]
                theirs |= block[1]
                confidence = min(confidence, block[2])
            else:
                apart.append(block)
        blocks = [*apart, (own, theirs, confidence)]
    return [(sorted(own), sorted(theirs), confidence) for own, theirs, confidence in blocks]


def _stand_together(sentence: Sentence, indices: Sequence[int]) -> bool:
    """Whether nothing but single spaces lies between these words."""
    return all(
        later == earlier + 1 and sentence.text[sentence.words[earlier][1] : sentence.words[later][0]] in ("", " ")
        for earlier, later in pairwise(indices)
    )


def _is_name(matrix: Sentence, i: int, other: Sentence, j: int) -> bool:
    """Whether both words are capitalised, and not because both begin their sentence."""
    words = matrix.tokens()[i], other.tokens()[j]
    return (i > 0 or j > 0) and all(word[0].isupper() and not word.isupper() for word in words)


def _is_in_compound(text: str, start: int, end: int) -> bool:
    """Whether a hyphen ties the word to its neighbour."""
    return (start > 0 and text[start - 1] in _HYPHENS) or text[end : end + 1] in tuple(_HYPHENS)


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether a letter with case or a digit touches the word: scripts without spaces would run into a replacement."""
    neighbours = text[max(start - 1, 0) : start] + text[end : end + 1]
    return any(char.isdigit() or _has_case(char) for char in neighbours)


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()


def _is_shouted(text: str) -> bool:
    return len(text) > 1 and text.isupper()


def _with_initial_of(original: str, replacement: str) -> str:
    if _is_shouted(replacement):
        return replacement
    initial = replacement[0].upper() if original[0].isupper() else replacement[0].lower()
    return initial + replacement[1:]
