"""Words of a translation that are none of its language: small translators invent some, and leave others as they are."""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Literal

import polars as pl

from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring.tokens import tokens
from sdrrl_data.text.masking import plain

BATCH = 256  # pairs between two calls of `advance`
# The languages of which both lists together lack at most 0.25 % of the words that people wrote (running words of the
# Tatoeba test sets of LASER, where Portuguese lacks 0.06 and Dutch 0.18, and of FLORES-200 dev). Languages with long
# compounds or many endings lack more: Swedish 0.26, Danish 0.35, Czech 0.44, Ukrainian 0.7, Finnish 1.4.
LANGUAGES = frozenset(["de", "en", "es", "fr", "it", "mk", "nl", "pl", "pt", "ru", "vi"])
SIMPLEMMA = LANGUAGES - {"vi"}  # those that simplemma has
# A source word that a translation may keep is at least a thirtieth as frequent in the target language: of the English
# words in 1,600 translations into Portuguese, those below stayed untranslated ("soak", "driven"), those above are names
# and loanwords ("London", "browser").
RARER = 30
SHORTEST = 4  # letters of an untranslated word; shorter ones are words of many languages
NOUNS_IN_CAPITALS = frozenset(["de"])  # elsewhere, a word with a capital within a sentence is a name
_INSTALL = "pip install 'sdrrl-data[words]'"


class UnknownWordsConfig(ScorerConfig):
    """Words that stand in no word list of the language: those of wordfreq and of simplemma."""

    kind: Literal["unknown_words"] = "unknown_words"

    extra = "words"
    scores = (
        Score(
            "unknown_words",
            says="number of words of the translation that are neither in a word list of its language nor in the source",
            misses="a word that exists and is wrong here; names; languages whose lists lack too many words (null); "
            "rare words, which it takes for invented ones",
            high="with words that no list has",
            better="less",
        ),
        Score(
            "untranslated_words",
            says="number of different words of the translation that the source has in small letters, and that its "
            "language hardly uses",
            misses="words that the source only writes with a capital, such as names; words of less than four letters; "
            "languages whose lists lack too many words (null); loanwords that are in no list count as untranslated",
            high="with words left in the source language",
            better="less",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The two packages that carry the lists.

        Raises:
            NotInstalled: one of them is not installed.
        """
        missing = [package for package in ("wordfreq", "simplemma") if not find_spec(package)]
        if missing:
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
        self._language = tgt.tag.partition("-")[0]
        self._source_language = src.tag.partition("-")[0]
        self._judges_copies = self._source_language in SIMPLEMMA - {self._language}
        if self._language in LANGUAGES:
            from wordfreq import get_frequency_dict

            self._frequent = get_frequency_dict(self._language)
            self._frequent_in_source = get_frequency_dict(self._source_language) if self._judges_copies else {}

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """The columns `unknown_words` and `untranslated_words`."""
        counts: list[tuple[float | None, float | None]] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            counts += [self._counts(pair) for pair in batch]
            advance(len(batch))
        schema = {score.name: pl.Float64 for score in UnknownWordsConfig.scores}
        return pl.DataFrame(counts, schema=schema, orient="row")

    def _counts(self, pair: TextPair) -> tuple[float | None, float | None]:
        if self._language not in LANGUAGES or not pair.units:
            return None, None
        source_words = {word.casefold() for word in _words(pair.source, self._src)}
        known_words = source_words | {word.removesuffix("s") for word in source_words}  # "neutrons" -> "neutron"
        sentences = plain(pair)
        judged = [word for _, target in sentences for word in self._judged(target, known_words)]
        unknown = float(sum(map(self._is_unknown, judged)))
        return unknown, float(self._untranslated(sentences)) if self._judges_copies else None

    def _untranslated(self, sentences: Sequence[tuple[str, str]]) -> int:
        """The number of different words that stay, of those that the source writes in small letters somewhere."""
        source_words = {word for source, _ in sentences for word in _words(source, self._src) if word.islower()}
        target_words = {word.casefold() for _, target in sentences for word in _words(target, self._tgt)}
        return sum(map(self._is_of_source, source_words & target_words))

    def _is_of_source(self, word: str) -> bool:
        if not word.isalpha() or len(word) < SHORTEST or not _has_lemma(word, self._source_language):
            return False  # "brevirostris" is Latin in both
        frequency = self._frequent_in_source.get(word, 0.0)
        return frequency > RARER * self._frequent.get(word, 0.0) and not _has_lemma(word, self._language)

    def _judged(self, sentence: str, known_words: set[str]) -> Iterator[str]:
        """The words of a sentence that are judged, in small letters: no words of the source, and no names.

        The first word is judged, since its capital says nothing.
        """
        for place, word in enumerate(_words(sentence, self._tgt)):
            is_name = place > 0 and word != word.casefold() and self._language not in NOUNS_IN_CAPITALS
            if word.isalpha() and not is_name and word.casefold() not in known_words:
                yield word.casefold()

    def _is_unknown(self, word: str) -> bool:
        return word not in self._frequent and not _has_lemma(word, self._language)


def _has_lemma(word: str, language: str) -> bool:
    if language not in SIMPLEMMA:
        return False
    from simplemma import is_known

    return is_known(word, lang=language)


def _words(text: str, language: Language) -> Iterator[str]:
    """The words of a text; what an apostrophe joins is apart, as in "l'eau"."""
    for word in tokens(unicodedata.normalize("NFC", text), language):
        yield from word.replace("’", "'").split("'")
