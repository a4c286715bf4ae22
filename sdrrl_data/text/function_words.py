"""Function words: articles, pronouns, prepositions, conjunctions, auxiliaries, quantifiers and the like.

A function word has seldom one counterpart in another language, and its translation seldom fits the grammar around it.
The lists in function_words.tsv are written by hand: published lists of stop words contain ordinary verbs and nouns.
Nouns that mostly occur in fixed expressions ("em vez de") count as function words here, and so do words of magnitude,
since languages count differently (2.8 million is 280万).
"""

import functools
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).with_name("function_words.tsv")


def is_function_word(word: str, language: str) -> bool:
    """Whether a word is a function word of a language (BCP 47 tag); False if the language has no list."""
    listed_words = _lists().get(language.partition("-")[0], frozenset())
    return word.casefold().replace("’", "'") in listed_words


@functools.cache
def _lists() -> Mapping[str, frozenset[str]]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {language: frozenset(words.split()) for language, words in (line.split("\t") for line in lines)}
