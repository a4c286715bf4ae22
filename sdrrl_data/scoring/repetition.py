"""Repetition: how much of a text says again what it has said before."""

from collections.abc import Sequence
from itertools import pairwise

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.scoring import prose
from sdrrl_data.text.words import words

ORDER = 5  # words in a run: with 3, one good answer in a hundred scores over 0.43, with 5 over 0.17
MIN_WORDS = 10


class RepetitionScorer:
    """The share of a text's words that stand in a run of five words which occurred before, from 0 to 1.

    `src_repetition` judges the prose of the source, `repetition` that of the target. A loop comes near to 1, be it
    of a phrase, of lines or of list items: numbers are not words here. None for a text of fewer than ten words.

    Source: duplicate n-grams as in Gopher (Rae et al. 2021, https://arxiv.org/abs/2112.11446, table A1), counted in
    words instead of characters, and without their first occurrence.
    """

    def __init__(self, src: Language, tgt: Language) -> None:
        self._src, self._tgt = src, tgt

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> dict[str, list[float | None]]:
        """Columns `src_repetition` and `repetition`."""
        columns: dict[str, list[float | None]] = {"src_repetition": [], "repetition": []}
        for pair in pairs:
            source, target = prose(pair)
            columns["src_repetition"].append(repeated_share(source, self._src))
            columns["repetition"].append(repeated_share(target, self._tgt))
            advance(1)
        return columns


def repeated_share(text: str, language: Language) -> float | None:
    """The share of a text's words in runs of five that occurred before; None for a text of fewer than ten words."""
    tokens = [text[start:end].casefold() for start, end in words(text, language.tag)]
    tokens = [token for token in tokens if any(map(str.isalpha, token))]
    if len(tokens) < MIN_WORDS:
        return None
    seen: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for start in range(len(tokens) - ORDER + 1):
        run = tuple(tokens[start : start + ORDER])
        if run in seen:
            repeated.update(range(start, start + ORDER))
        seen.add(run)
    return len(repeated) / len(tokens)


def loops(text: str, language: Language, limit: float) -> bool:
    """Whether more than this share of a text's words is repeated; the same as by `repeated_share`, but mostly faster.

    Where words have spaces between them, few repeated pairs of words mean few repeated runs of five, which have four
    pairs each.
    """
    tokens = text.casefold().split()
    repeated_pairs = max(len(tokens) - 1, 0) - len(set(pairwise(tokens)))
    has_spaces = 15 * len(tokens) > len(text)
    if has_spaces and 2 * repeated_pairs < limit * len(tokens):
        return False
    return (repeated_share(text, language) or 0) > limit
