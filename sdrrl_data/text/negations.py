"""Negations: not, never, without and the like.

The lists in negations.tsv are written by hand. A hyphen says that a word may go on there: "-n't" ends "don't" and
"isn't". Prefixes such as "un-" are not in the lists: in another language, their words often have none ("unlikely").
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).with_name("negations.tsv")
_NUMBERED = r"(?!\.?\s*\d)"  # "No. 11" is a number


def has_list(language: str) -> bool:
    """Whether the negations of a language (BCP 47 tag) are known."""
    return _base(language) in _patterns()


def count(text: str, language: str) -> int:
    """How many negations a text has; 0 if the language (BCP 47 tag) has no list."""
    pattern = _patterns().get(_base(language))
    return len(pattern.findall(text.casefold().replace("’", "'"))) if pattern else 0


def _base(language: str) -> str:
    return language.partition("-")[0]


@functools.cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {language: _pattern(words.split()) for language, words in (line.split("\t") for line in lines)}


def _pattern(entries: list[str]) -> re.Pattern[str]:
    alternatives = []
    for entry in entries:
        start = "" if entry.startswith("-") else r"(?<!\w)"
        end = "" if entry.endswith("-") else r"(?!\w)"
        alternatives.append(f"{start}{re.escape(entry.strip('-'))}{end}")
    return re.compile(f"(?:{'|'.join(alternatives)}){_NUMBERED}")
