"""Language-bound tasks: does a question ask for something that makes no sense in another language?"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair

_TABLE = Path(__file__).with_name("language_bound.yaml")
# What is asked for stands at the beginning, or in a short line. Long lines belong to a text that the question is about.
BEGINNING, SHORT = 400, 200  # characters
_APOSTROPHES = str.maketrans("’‘ʼ´`", "'''''")
_SPACES = re.compile(r"[^\S\n]+")


class LanguageBoundConfig(CountingConfig):
    """Whether the task of a question is bound to the language that it is asked in."""

    kind: Literal["language_bound"] = "language_bound"

    scores = (
        Score(
            "language_bound",
            unscored="empty questions; languages without patterns",
            says="1 if the source question has a task that makes sense only in its language (rhymes, spelling, "
            "grammar, synonyms, translation), else 0; an answer has the score of its question",
            misses="such tasks in unusual words, or in the middle of a long question; languages without patterns",
            high="of a task for one language only",
            better="less",
            of_question=True,
            highest=1,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """Whether the source is bound to its language."""
        return [language_bound(pair.pair.source, pair.src.tag)]


def language_bound(question: str, language: str) -> float | None:
    """1 if a question has a task that is bound to its language, else 0.

    Args:
        question: all its turns.
        language: the BCP 47 tag of its language.

    Returns:
        None for a language without patterns, and for an empty question.
    """
    pattern = _pattern(language.split("-")[0])
    if pattern is None or not question.strip():
        return None
    return float(pattern.search(_requests(question.translate(_APOSTROPHES))) is not None)


def _requests(question: str) -> str:
    """The parts of a question that may ask for something."""
    first, *others = (_SPACES.sub(" ", line).strip() for line in question.strip().splitlines())
    return "\n".join([first[:BEGINNING], *(line for line in others if len(line) <= SHORT)])


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    """All expressions of a language as one."""
    table = _read().get(language)
    if table is None:
        return None
    expressions = "|".join(line for task in table["tasks"].values() for line in task.splitlines())
    for term, expression in table["terms"].items():
        expressions = expressions.replace(f"{{{term}}}", expression)
    return re.compile(expressions, re.IGNORECASE | re.MULTILINE)


@cache
def _read() -> dict[str, dict[str, dict[str, str]]]:
    table: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return table
