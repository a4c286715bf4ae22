"""Words of a translation that are none of its language: small translators invent some, and leave others as they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Literal

import polars as pl

from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.text import word_lists
from sdrrl_data.text.masking import plain
from sdrrl_data.text.word_lists import LANGUAGES, WordLists

BATCH = 256  # pairs between two calls of `advance`
_INSTALL = "pip install 'sdrrl-data[words]'"


class UnknownWordsConfig(ScorerConfig):
    """Words that stand in no word list of the language: those of wordfreq and of simplemma."""

    kind: Literal["unknown_words"] = "unknown_words"

    extra = "words"
    scores = (
        Score(
            "unknown_words",
            unscored="texts without words; languages whose lists lack too many words",
            says="number of words of the translation that are neither in a word list of its language nor in the source",
            misses="a word that exists and is wrong here; names; rare words, which it takes for invented ones",
            high="with words that no list has",
            better="less",
        ),
        Score(
            "untranslated_words",
            unscored="texts without words; languages whose lists lack too many words",
            says="number of different words of the translation that the source has in small letters, or first in a "
            "sentence, and that its language hardly uses",
            misses="words that the source writes with a capital within a sentence, such as names; words of less than "
            "four letters; loanwords that are in no list count as untranslated",
            high="with words left in the source language",
            better="less",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The two packages that carry the lists.

        Raises:
            NotInstalled: one of them is not installed.
        """
        if missing := word_lists.missing():
            raise NotInstalled(f"scorer {self.kind} needs {' and '.join(missing)}: {_INSTALL}", self.extra)
        return [
            Ingredient("scorer", "wordfreq", f"wordfreq {version('wordfreq')}", "cc-by-sa-4.0"),
            Ingredient("scorer", "simplemma", f"simplemma {version('simplemma')}", "mit"),
        ]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with the lists of the target language."""
        yield UnknownWordsScorer(context.src, context.tgt)


class UnknownWordsScorer:
    """Counts words that no list has, and words of the source that stay. Null for a text without words.

    Null, too, if the target is none of `LANGUAGES`, and for words that stay if the source is none of them.

    Source: the lists of https://github.com/rspeer/wordfreq and https://github.com/adbar/simplemma.
    """

    def __init__(self, src: Language, tgt: Language) -> None:
        self._src, self._tgt = src, tgt
        self._lists = WordLists(src, tgt) if word_lists.code(tgt) in LANGUAGES else None

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """The columns `unknown_words` and `untranslated_words`."""
        counts: list[dict[str, int]] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            counts += [{score: len(words) for score, words in self.words(pair).items()} for pair in batch]
            advance(len(batch))
        return pl.DataFrame(counts, schema={score.name: pl.Float64 for score in UnknownWordsConfig.scores})

    def words(self, pair: TextPair) -> dict[str, list[str]]:
        """The words that each score counts, by its name; without a score that is null for this pair."""
        if not self._lists or not pair.units:
            return {}
        kept = self._lists.words_of_source(pair.source)
        sentences = plain(pair)
        words = {"unknown_words": [word for _, target in sentences for word in self._lists.invented(target, kept)]}
        if self._lists.judges_copies:
            words["untranslated_words"] = self._untranslated(sentences, self._lists)
        return words

    def _untranslated(self, sentences: Sequence[tuple[str, str]], lists: WordLists) -> list[str]:
        """The different words that stay, of those that the source writes in small letters somewhere, or at first."""
        source_words = [list(word_lists.words(source, self._src)) for source, _ in sentences]
        small = {word for words in source_words for word in words if word.islower()}
        target_words = {word for _, target in sentences for word in self._words_of_no_name(target)}
        names = {word for words in source_words for word in words[1:] if _has_capital(word)}
        first = {lists.first_left(source, target, names) for source, target in sentences}
        return sorted({*filter(lists.is_of_source, small & target_words), *filter(None, first)})

    def _words_of_no_name(self, sentence: str) -> Iterator[str]:
        """The words of a sentence, in small letters, without capitalised ones beside others: "Epic Privacy Browser"."""
        words = list(word_lists.words(sentence, self._tgt))
        for place, word in enumerate(words):
            beside = [*words[max(1, place - 1) : place], *words[place + 1 : place + 2]]
            if place == 0 or word.islower() or not any(map(_has_capital, beside)):
                yield word.casefold()


def _has_capital(word: str) -> bool:
    return word[:1].isupper()
