"""Repetition: how much of a text says again what it has said before."""

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from sdrrl_data.languages import Language
from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.scoring.tokens import runs, tokens

ORDER = 5  # words in a run: with 3, one good answer in a hundred scores over 0.43, with 5 over 0.17
MIN_WORDS = 10
MIN_LINES = 5
MIN_LINE = 15  # characters in a line that counts: shorter ones are cells, names, "yes" and "no"
MIN_BYTES = 250  # in less, there is too little for zlib to learn from


class RepetitionConfig(CountingConfig):
    """How much of a text says again what it has said before."""

    kind: Literal["repetition"] = "repetition"

    scores = (
        Score(
            "repetition",
            says="share of the words in a run of five words that occurred before (0 to 1)",
            misses="the same said again in other words; texts of fewer than ten words",
            better="less",
            both_sides=True,
        ),
        Score(
            "repeated_lines",
            says="share of the lines that occurred before (0 to 1)",
            misses="what is repeated within a line; texts of few lines",
            better="less",
            both_sides=True,
        ),
        Score(
            "compression",
            says="size of the text when it is compressed, as a share of its own (low: it repeats itself)",
            misses="the same said again in other words; short texts",
            better="usual",
            both_sides=True,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """Words, lines and bytes of the prose."""
        return [
            *(repeated_share(words) for words in (pair.source_words, pair.target_words)),
            *(repeated_lines(lines) for lines in (pair.source_lines(), pair.target_lines())),
            *(compression(text) for text in (pair.source, pair.target)),
        ]


def repeated_share(words: Sequence[str]) -> float | None:
    """The share of a text's words that stand in a run of five words which occurred before, from 0 to 1.

    A loop comes near to 1, be it of a phrase, of lines or of list items: numbers are not words here. None for fewer
    than ten words.

    Source: duplicate n-grams as in Gopher (Rae et al. 2021, https://arxiv.org/abs/2112.11446, table A1), counted in
    words instead of characters, and without their first occurrence.
    """
    letters_first = [word for word in " ".join(words).casefold().split() if word[0].isalpha()]
    if len(letters_first) < MIN_WORDS:
        return None
    if (
        len(letters_first) - 1 - len(set(pairwise(letters_first))) < ORDER - 1
    ):  # a run that comes again has four pairs that come again
        return 0.0
    word_runs = runs(letters_first, ORDER)
    if len(set(word_runs)) == len(word_runs):
        return 0.0
    seen: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for start, run in enumerate(word_runs):
        if run in seen:
            repeated.update(range(start, start + ORDER))
        seen.add(run)
    return len(repeated) / len(letters_first)


def repeated_lines(lines: Sequence[str]) -> float | None:
    """The share of a text's lines that occurred before, from 0 to 1; None for fewer than five of 15 characters."""
    long = [line.casefold() for line in lines if len(line) >= MIN_LINE]
    return 1 - len(set(long)) / len(long) if len(long) >= MIN_LINES else None


def compression(text: str) -> float | None:
    """Bytes of the text (UTF-8) when zlib has compressed it, divided by bytes before; None below 250 bytes.

    Good prose stands at 0.4 to 0.8, in Thai from 0.25 on, lower the longer it is. A long loop comes near to 0.
    """
    data = text.encode()
    return len(zlib.compress(data)) / len(data) if len(data) >= MIN_BYTES else None


def loops(text: str, language: Language, limit: float) -> bool:
    """Whether more than this share of a text's words is repeated; the same as by `repeated_share`, but mostly faster.

    Where words have spaces between them, few repeated pairs of words mean few repeated runs of five, which have four
    pairs each.
    """
    words = text.casefold().split()
    repeated_pairs = max(len(words) - 1, 0) - len(set(pairwise(words)))
    has_spaces = 15 * len(words) > len(text)
    if has_spaces and 2 * repeated_pairs < limit * len(words):
        return False
    return (repeated_share(tokens(text, language)) or 0) > limit
