"""Code-switching of a text: some of its words are replaced by their counterparts in a translation."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.capitals import is_in_capitals, upper, with_initial_of
from sdrrl_data.text.clitics import dependent_words
from sdrrl_data.text.function_words import is_function_word
from sdrrl_data.text.words import HYPHENS

# A word with one of these inside is an abbreviation, or the name of a file or a field.
_MARKS = "._:"
# Letters. In a script with case, most shorter words are clitics and particles.
_SHORTEST = 3
_LONGEST_PHRASE = 5  # words
_GAPS = (1, 2)  # characters between neighbours: a space, perhaps after a comma

Link = tuple[int, int, float]  # index of a word, index of its counterpart, confidence
Words = tuple[int, ...]  # their indices, in order
Block = tuple[Words, Words, float]  # words on both sides, and the lowest confidence of their links


class Sentence(NamedTuple):
    """A sentence: the text that it is part of, the positions of its words there (start, end), its language's tag."""

    text: str
    words: Sequence[tuple[int, int]]
    language: str = ""

    def tokens(self) -> list[str]:
        """The words."""
        return [self.text[start:end] for start, end in self.words]


class Swap(NamedTuple):
    """A possible replacement in a text, and the number of words that it would switch."""

    start: int
    end: int
    replacement: str
    confidence: float
    words: int
    text: str = ""  # the name of the text, if there are several


class Switched(NamedTuple):
    """A replacement that was made: its position in the new text, and the original."""

    start: int
    end: int
    original: str
    replacement: str
    confidence: float


class Aligned:
    """A sentence and its translation, and the words that can replace each other.

    Names, numbers, parts of compounds, and words with the same spelling in both languages are never switched, so
    that no word is put in beside the same word. Particles, function words and very short words are only switched
    together with a longer word. Words with several links, on either side, are switched together, and only if they are
    adjacent on both sides.
    """

    def __init__(self, matrix: Sentence, other: Sentence, links: Sequence[Link], min_confidence: float) -> None:
        """Find the words of both sentences that can be switched.

        Args:
            matrix: the sentence in which words are to be replaced.
            other: its translation.
            links: index of a word in `matrix`, index of its counterpart in `other`, confidence.
            min_confidence: of the links by which words are switched.
        """
        matrix_tokens, other_tokens = matrix.tokens(), other.tokens()
        sure = [(i, j) for i, j, confidence in links if confidence >= min_confidence]
        self._matrix = _Side(matrix, matrix_tokens, other_tokens, dict(sure))
        self._other = _Side(other, other_tokens, matrix_tokens, {j: i for i, j in sure})
        names = [(i, j) for i, j, _ in links if _is_name(self._matrix, i, self._other, j)]
        self._matrix.switchable.difference_update(i for i, _ in names)
        self._other.switchable.difference_update(j for _, j in names)
        self._links = links
        self._blocks = _blocks(links)
        self._min_confidence = min_confidence

    def turned(self) -> "Aligned":
        """The same pair, with words to be replaced in the other sentence."""
        turned = object.__new__(Aligned)
        turned._matrix, turned._other = self._other, self._matrix
        turned._min_confidence = self._min_confidence
        turned._links = [(j, i, confidence) for i, j, confidence in self._links]
        turned._blocks = [
            (other_words, matrix_words, confidence) for matrix_words, other_words, confidence in self._blocks
        ]
        return turned

    def fit(self) -> int:
        """How many words of the sentence can be switched."""
        return len(self._matrix.content_words(self._matrix.switchable))

    def swaps(self) -> list[Swap]:
        """The possible swaps of words whose links all have at least the confidence asked for."""
        return self._allowed(
            (self._matrix.trimmed(matrix_words), self._other.trimmed(other_words), confidence)
            for matrix_words, other_words, confidence in self._blocks
            if confidence >= self._min_confidence
        )

    def phrases(self) -> list[Swap]:
        """The possible swaps of phrases: two to five adjacent words on each side, without a link to a word outside.

        They overlap. Each begins and ends with words that could be switched alone.
        """
        return self._allowed(
            (matrix_words, other_words, confidence)
            for matrix_words, other_words, confidence in _phrases(self._links)
            if confidence >= self._min_confidence
            and self._matrix.has_content_at_ends(matrix_words)
            and self._other.has_content_at_ends(other_words)
        )

    def _allowed(self, blocks: Iterable[Block]) -> list[Swap]:
        """The swaps of these blocks, without those that are not allowed."""
        matrix, other = self._matrix, self._other
        swaps = [
            _swap(matrix, matrix_words, other, other_words, confidence)
            for matrix_words, other_words, confidence in blocks
            if matrix.may_switch(matrix_words)
            and other.may_switch(other_words)
            and not _loses_clitic(matrix, matrix_words, other, other_words)
            and not other.has_repeated(other_words)
        ]
        return [swap for swap in swaps if not _would_run_together(matrix.text, swap)]


def choose(swaps: Iterable[Swap], words: float) -> list[Swap]:
    """Choose swaps of this many words together, or up to one more or less. They neither overlap nor touch,
    and no replacement begins with the last word of the replacement before it.

    The first swaps are chosen, unless they leave too little room and a choice from left to right has more words.
    """
    offered = list(swaps)
    chosen = _first(offered, words)
    if _size(chosen) < words - 1:
        left_to_right = _first(sorted(offered, key=lambda swap: (swap.text, swap.end)), words)
        chosen = max(chosen, left_to_right, key=_size)
    return sorted(chosen)


def replace(text: str, swaps: Sequence[Swap]) -> tuple[str, list[Switched]]:
    """The text after these swaps, which are in order; and the replacements that were made."""
    new = ""
    end = 0
    switched = []
    for swap in swaps:
        new += text[end : swap.start]
        start, end = len(new), swap.end
        new += swap.replacement
        original = text[swap.start : swap.end]
        switched.append(Switched(start, len(new), original, swap.replacement, swap.confidence))
    return new + text[end:], switched


class _Side:
    """A sentence or its translation, with the words that can be switched."""

    def __init__(
        self, sentence: Sentence, tokens: list[str], translation: list[str], counterparts: dict[int, int]
    ) -> None:
        self.text, self.words, self.language = sentence
        self.tokens = tokens
        self.dependent = dependent_words(tokens, self.words, counterparts, sentence.language)
        self._function_words = {index for index, token in enumerate(tokens) if is_function_word(token, self.language)}
        translation_tokens = {token.casefold() for token in translation}
        self._is_all_capitals = all(map(str.isupper, tokens))
        self._has_hyphens = any(hyphen in self.text for hyphen in HYPHENS)
        self.switchable = {
            index
            for index, token in enumerate(self.tokens)
            if token.casefold() not in translation_tokens
            and (token.isalpha() or not any(char.isdigit() or char in _MARKS for char in token))
            and not self._is_in_compound(index)
        }

    def content_words(self, indices: Iterable[int]) -> list[int]:
        """The words without particles, function words and short words, which are never switched alone."""
        return [
            i
            for i in indices
            if i not in self.dependent.particles
            and i not in self._function_words
            and (len(self.tokens[i]) >= _SHORTEST or not _has_case(self.tokens[i]))
        ]

    def trimmed(self, indices: Words) -> Words:
        """The words without particles at both ends, unless they are bound to a neighbour."""
        others = [place for place, index in enumerate(indices) if not self._is_free_particle(index)]
        return indices[others[0] : others[-1] + 1] if others else ()

    def has_content_at_ends(self, indices: Words) -> bool:
        """Whether the first and the last word of a phrase could be switched alone."""
        return len(self.content_words((indices[0], indices[-1]))) == 2

    def may_switch(self, indices: Words) -> bool:
        """Whether these words may be replaced together, or replace others together."""
        if not indices or not self.switchable.issuperset(indices) or not self.content_words(indices):
            return False
        first, last = indices[0], indices[-1]
        gaps = [self.text[self.words[i][1] : self.words[j][0]] for i, j in pairwise(indices)]
        adjacent = last - first == len(indices) - 1 and all(gap in ("", " ") for gap in gaps)
        return adjacent and first - 1 not in self.dependent.bound and last not in self.dependent.bound

    def span(self, indices: Words) -> tuple[int, int]:
        """The start of the first and the end of the last of adjacent words."""
        return self.words[indices[0]][0], self.words[indices[-1]][1]

    def clitics(self, indices: Words) -> int:
        """How many of these words have a clitic."""
        return sum(index in self.dependent.with_clitic for index in indices)

    def has_repeated(self, indices: Words) -> bool:
        """Whether one of adjacent words is the same as the next."""
        return any(self.tokens[i].casefold() == self.tokens[j].casefold() for i, j in pairwise(indices))

    def is_capitalised(self, index: int) -> bool:
        """Whether the word is capitalised, but not in capitals and not the first word of the sentence."""
        token = self.tokens[index]
        return index > 0 and token[0].isupper() and not token.isupper()

    def is_acronym(self, index: int) -> bool:
        """Whether the word is in capitals, and some other word is not."""
        return is_in_capitals(self.tokens[index]) and not self._is_all_capitals

    def begins_sentence(self, index: int) -> bool:
        """Whether the word is the first one, or comes after the end of a sentence inside this one."""
        return index == 0 or any(mark in self.text[self.words[index - 1][1] : self.words[index][0]] for mark in ".!?")

    def _is_free_particle(self, index: int) -> bool:
        bound = self.dependent.bound
        return index in self.dependent.particles and index not in bound and index - 1 not in bound

    def _is_in_compound(self, index: int) -> bool:
        if not self._has_hyphens:
            return False
        start, end = self.words[index]
        return self.text.startswith(HYPHENS, end) or self.text.endswith(HYPHENS, 0, start)


def _swap(matrix: _Side, matrix_words: Words, other: _Side, other_words: Words, confidence: float) -> Swap:
    start, end = matrix.span(matrix_words)
    original, replacement = matrix.text[start:end], other.text[slice(*other.span(other_words))]
    # A word that begins a sentence may only be capitalised for that reason.
    if matrix.begins_sentence(matrix_words[0]) or other.begins_sentence(other_words[0]):
        replacement = with_initial_of(original, replacement, other.language)
    if is_in_capitals(original):
        replacement = upper(replacement, other.language)
    return Swap(start, end, replacement, confidence, len(matrix.content_words(matrix_words)))


def _is_name(matrix: _Side, i: int, other: _Side, j: int) -> bool:
    """Whether one of two linked words is capitalised, and neither is in lower case; or both are acronyms."""
    word, counterpart = matrix.tokens[i], other.tokens[j]
    capitalised = matrix.is_capitalised(i) or other.is_capitalised(j)
    acronym = (matrix.is_acronym(i) and _has_no_lower_case(counterpart)) or (
        other.is_acronym(j) and _has_no_lower_case(word)
    )
    return acronym or (capitalised and not (word[0].islower() or counterpart[0].islower()))


def _loses_clitic(matrix: _Side, matrix_words: Words, other: _Side, other_words: Words) -> bool:
    """Whether a word has a clitic ("dog's"), and its counterpart has no word for it ("cão")."""
    matrix_clitics, other_clitics = matrix.clitics(matrix_words), other.clitics(other_words)
    difference = len(matrix_words) + matrix_clitics - len(other_words) - other_clitics
    return bool((matrix_clitics and difference > 0) or (other_clitics and difference < 0))


def _blocks(links: Iterable[Link]) -> list[Block]:
    """Groups of words that are connected by links."""
    blocks: list[tuple[set[int], set[int], float]] = []
    block_of_matrix_word: dict[int, int] = {}
    block_of_other_word: dict[int, int] = {}
    for i, j, confidence in links:
        matrix_words, other_words = {i}, {j}
        if i in block_of_matrix_word or j in block_of_other_word:
            linked = (block_of_matrix_word, i), (block_of_other_word, j)
            for number in {block_of[word] for block_of, word in linked if word in block_of}:
                block_matrix_words, block_other_words, block_confidence = blocks[number]
                matrix_words |= block_matrix_words
                other_words |= block_other_words
                confidence = min(confidence, block_confidence)
                blocks[number] = set(), set(), 0.0
        block_of_matrix_word.update(dict.fromkeys(matrix_words, len(blocks)))
        block_of_other_word.update(dict.fromkeys(other_words, len(blocks)))
        blocks.append((matrix_words, other_words, confidence))
    return [
        (tuple(sorted(matrix_words)), tuple(sorted(other_words)), confidence)
        for matrix_words, other_words, confidence in blocks
        if matrix_words
    ]


def _phrases(links: Iterable[Link]) -> Iterator[Block]:
    """Two to five adjacent words on each side, none of which is linked to a word outside.

    The first and the last word of each side are linked (Koehn et al. 2003, section 3.1).
    """
    links_of_word: dict[int, list[Link]] = {}
    reach: dict[int, tuple[int, int]] = {}  # index of an other word -> the first and last matrix word linked to it
    for i, j, confidence in links:
        links_of_word.setdefault(i, []).append((i, j, confidence))
        low, high = reach.get(j, (i, i))
        reach[j] = min(low, i), max(high, i)
    for first in links_of_word:
        links_inside = list(links_of_word[first])
        for last in range(first + 1, first + _LONGEST_PHRASE):
            if last not in links_of_word:
                continue
            links_inside += links_of_word[last]
            low, high = min(j for _, j, _ in links_inside), max(j for _, j, _ in links_inside)
            other_words = tuple(range(low, high + 1))
            if len(other_words) > _LONGEST_PHRASE:
                break
            if low < high and all(first <= reach[j][0] and reach[j][1] <= last for j in other_words if j in reach):
                yield tuple(range(first, last + 1)), other_words, min(confidence for _, _, confidence in links_inside)


def _first(swaps: Iterable[Swap], words: float) -> list[Swap]:
    chosen: list[Swap] = []
    taken: set[tuple[str, int]] = set()
    first_words: dict[tuple[str, int], str] = {}  # of each replacement, by where it starts
    last_words: dict[tuple[str, int], str] = {}  # by where it ends
    missing = words
    for swap in swaps:
        if missing < 0.5:
            break
        places = {(swap.text, place) for place in range(swap.start, swap.end + 1)}
        put_in = swap.replacement.casefold().split()
        repeats = any(
            last_words.get((swap.text, swap.start - gap)) == put_in[0]
            or first_words.get((swap.text, swap.end + gap)) == put_in[-1]
            for gap in _GAPS
        )
        if swap.words <= missing + 1 and taken.isdisjoint(places) and not repeats:
            chosen.append(swap)
            taken |= places
            first_words[swap.text, swap.start], last_words[swap.text, swap.end] = put_in[0], put_in[-1]
            missing -= swap.words
    return chosen


def _size(swaps: Iterable[Swap]) -> int:
    return sum(swap.words for swap in swaps)


def _would_run_together(text: str, swap: Swap) -> bool:
    """Whether the replacement would touch a letter with case or a digit, as can happen in scripts without spaces."""
    neighbours = text[max(swap.start - 1, 0) : swap.start] + text[swap.end : swap.end + 1]
    return any(char.isdigit() or _has_case(char) for char in neighbours)


def _has_no_lower_case(text: str) -> bool:
    """Whether a word is in capitals, or in a script without case."""
    return text.upper() == text


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
