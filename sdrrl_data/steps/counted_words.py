"""The words behind a score that counts some: its number alone does not say which."""

from functools import cached_property

from sdrrl_data import languages
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import of_both_texts
from sdrrl_data.scoring.unknown_words import UnknownWordsConfig, UnknownWordsScorer
from sdrrl_data.text import word_lists

SCORES = {score.name for score in UnknownWordsConfig.scores}


class CountedWords:
    """Finds the words that a text fails by. The lists are loaded for the first such text.

    Args:
        src: tag of the source language.
        tgt: tag of the target language.
    """

    def __init__(self, src: str, tgt: str) -> None:
        self._src, self._tgt = src, tgt

    def of(self, filter: str, pair: TextPair) -> list[str]:
        """The words, each once; none for a filter that counts no words, or where the lists are not installed.

        Args:
            filter: as the recipe names it.
            pair: a text and its translation.
        """
        score = of_both_texts(filter)
        if score not in SCORES or not self._scorer:
            return []
        return list(dict.fromkeys(self._scorer.words(pair).get(score, [])))

    @cached_property
    def _scorer(self) -> UnknownWordsScorer | None:
        if word_lists.missing():
            return None
        return UnknownWordsScorer(languages.find(self._src), languages.find(self._tgt))
