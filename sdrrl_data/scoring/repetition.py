"""Repetition: how much of a text repeats an earlier part of it."""

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from sdrrl_data.languages import Language
from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.text.tokens import runs, tokens

ORDER = 5  # words in a run: with 3 words, one good answer in a hundred scores over 0.43, with 5 over 0.17
MIN_WORDS = 10
MIN_LINES = 5
MIN_LINE = 15  # characters of a line that counts: shorter lines are cells, names, "yes" and "no"
MIN_BYTES = 250  # a shorter text is too little for zlib to learn from


class RepetitionConfig(CountingConfig):
    """How much of a text repeats an earlier part of it."""

    kind: Literal["repetition"] = "repetition"

    scores = (
        Score(
            "repetition",
            unscored="texts of fewer than ten words",
            says="share of the words in a run of five words that occurred before (0 to 1); of a translation, how much "
            "more than of its source",
            misses="the same meaning in other words; texts of fewer than ten words",
            high="with repeated words",
            better="less",
            both_sides=True,
            highest=1,
        ),
        Score(
            "repeated_lines",
            unscored="texts of fewer than five lines of 15 characters",
            says="share of the lines that occurred before (0 to 1); of a translation, how much more than of its source",
            misses="what is repeated within a line; texts of few lines",
            high="with repeated lines",
            better="less",
            both_sides=True,
            highest=1,
        ),
        Score(
            "compression",
            unscored="texts of less than 250 bytes",
            says="size of the compressed text, as a share of its original size (low: it repeats itself)",
            misses="the same meaning in other words; short texts",
            low="full of repetition",
            high="like random characters",
            better="usual",
            both_sides=True,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """Words, lines and bytes of the prose.

        A quiz or a list of universities repeats itself in every language, so a translation is compared with its source.
        """
        return [
            *_and_increase(repeated_share(pair.source_words), repeated_share(pair.target_words)),
            *_and_increase(repeated_lines(pair.source_lines()), repeated_lines(pair.target_lines())),
            *(compression(text) for text in (pair.source, pair.target)),
        ]


def _and_increase(source: float | None, target: float | None) -> tuple[float | None, float | None]:
    """The source's share, and by how much the target's is higher."""
    return source, None if target is None else max(target - (source or 0.0), 0.0)


def repeated_share(words: Sequence[str]) -> float | None:
    """The share of a text's words in runs of five words that occurred before, from 0 to 1.

    A loop of a phrase, of lines or of list items comes close to 1: numbers are not words here. None for fewer than ten
    words.

    Source: duplicate n-grams as in Gopher (Rae et al. 2021, https://arxiv.org/abs/2112.11446, table A1), counted in
    words instead of characters, and without their first occurrence.
    """
    counted_words = [word for word in " ".join(words).casefold().split() if word[0].isalpha()]
    if len(counted_words) < MIN_WORDS:
        return None
    # A repeated run of five words has four repeated pairs.
    if len(counted_words) - 1 - len(set(pairwise(counted_words))) < ORDER - 1:
        return 0.0
    word_runs = runs(counted_words, ORDER)
    if len(set(word_runs)) == len(word_runs):
        return 0.0
    seen: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for start, run in enumerate(word_runs):
        if run in seen:
            repeated.update(range(start, start + ORDER))
        seen.add(run)
    return len(repeated) / len(counted_words)


def repeated_lines(lines: Sequence[str]) -> float | None:
    """The share of a text's lines that occurred before, from 0 to 1; None below five lines of 15 characters."""
    long = [line.casefold() for line in lines if len(line) >= MIN_LINE]
    return 1 - len(set(long)) / len(long) if len(long) >= MIN_LINES else None


def compression(text: str) -> float | None:
    """Bytes of the text (UTF-8) after compression by zlib, divided by bytes before; None below 250 bytes.

    Good prose has 0.4 to 0.8, in Thai from 0.25 on, and less the longer it is. A long loop comes close to 0.
    """
    data = text.encode()
    return len(zlib.compress(data)) / len(data) if len(data) >= MIN_BYTES else None


def loops(text: str, language: Language, limit: float) -> bool:
    """Whether more than this share of a text's words is repeated; the same as with `repeated_share`, but mostly faster.

    If words have spaces between them, few repeated pairs of words mean few repeated runs of five words, which have four
    pairs each.
    """
    words = text.casefold().split()
    repeated_pairs = max(len(words) - 1, 0) - len(set(pairwise(words)))
    has_spaces = 15 * len(words) > len(text)
    if has_spaces and 2 * repeated_pairs < limit * len(words):
        return False
    return (repeated_share(tokens(text, language)) or 0) > limit
