"""Language confusion within answers, by line and by word, as the Language Confusion Benchmark measures it.

A line counts if it has five words. An answer passes by line if each of its lines is in the wanted language. One that
does passes by word if none of its words is from another language; this is told for languages in other scripts than the
Latin one, and of words in it. Answers without a line that counts are left out.

Unlike the benchmark, a word in the Latin script needs not be in a list of English words; and lines that are too short
for our language scorer do not count.

Source: Marchisio et al. 2024, https://aclanthology.org/2024.emnlp-main.380, section 2; "Metrics" in the benchmark's
README and compute_metrics.py, https://github.com/for-ai/language-confusion.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import regex

from sdrrl_data.languages import Language
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.masking import plain
from sdrrl_data.text.scripts import scripts
from sdrrl_data.text.segments import sentences
from sdrrl_data.text.words import words

IN_LANGUAGE = 0.5  # a text counts as in its language from this probability on
LINE = 5  # words that a line must have
WORD = 4  # letters that a word must have; shorter ones are mostly units and abbreviations
LATIN = frozenset({"Latn"})


class Passed(NamedTuple):
    """Whether an answer passes; None where that cannot be told."""

    lines: bool | None
    words: bool | None


def judge(answers: Sequence[str], language: Language) -> list[Passed]:
    """Whether each answer passes by line and by word.

    Code, URLs and what else is protected belongs to no language, and is left out.
    """
    lines = [_lines(answer, language) for answer in answers]
    in_language = iter(_in_language([line for lines_of_answer in lines for line in lines_of_answer], language))
    passed = []
    for lines_of_answer in lines:
        judged = [(line, verdict) for line in lines_of_answer if (verdict := next(in_language)) is not None]
        by_line = all(verdict for _, verdict in judged) if judged else None
        by_word = None
        if by_line and in_other_script(language):
            by_word = not any(has_latin_word(line) for line, _ in judged)
        passed.append(Passed(by_line, by_word))
    return passed


def in_other_script(language: Language) -> bool:
    """Whether the language is written in another script than the Latin one, so that Latin words can be told."""
    return not scripts(language) & LATIN


def has_latin_word(text: str) -> bool:
    """Whether there is a word of Latin letters in lower case. Names and abbreviations have capitals.

    A word ends where the script changes: Thai puts no space there, and Korean joins its endings.
    """
    return any(len(word) >= WORD and word.islower() for word in regex.findall(r"[\p{Latin}\p{M}]+", text))


def probabilities(texts: Sequence[str], language: Language) -> list[float | None]:
    """How probable it is that each text is in the language; None where it is too short to tell."""
    from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer

    scorer = LanguageScorer(LanguageConfig(), language, language)
    pairs = [TextPair(text, text, _units(text, language)) for text in texts]
    return scorer.score(pairs, lambda _: None)["language"].to_list()


def _lines(answer: str, language: Language) -> list[str]:
    """The lines that have enough words, without what is protected in them."""
    units = _units(answer, language)
    lines = []
    for _, units_of_line in groupby(units, key=lambda unit: answer.count("\n", 0, unit.source_start)):
        line = " ".join(text for _, text in plain(TextPair(answer, answer, list(units_of_line))))
        if len(words(line, language.tag)) >= LINE:
            lines.append(line)
    return lines


def _in_language(lines: Sequence[str], language: Language) -> list[bool | None]:
    return [
        None if probability is None else probability >= IN_LANGUAGE for probability in probabilities(lines, language)
    ]


def _units(text: str, language: Language) -> list[Unit]:
    return [Unit(start, end, start, end) for start, end in sentences(text, language.tag)]
