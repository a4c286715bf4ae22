"""Numbers and protected spans: does the target have those of the source?"""

import re
from collections import Counter
from typing import Any, Literal

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.text.protected import protected

# With all that separates its digits: "1,000.5", "1.000,5", "1 000,5", "10:30", "24.12.2010".
_NUMBER = re.compile(r"\d+(?:[.,:/٫٬'’]\d+|[ \u00a0\u202f]\d{3}(?!\d))*")
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\b[IVXL]+\b")
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})", re.MULTILINE)
# Code between tildes, which `protected` leaves to the parser of Markdown.
_TILDE_BLOCK = re.compile(r"^[ \t>]*(~{3,})[^\n]*\n(?:.*\n)*?[ \t>]*\1", re.MULTILINE)

SMALL = 12  # up to here, numbers are often written out
BUDDHIST_ERA = 543  # years before the common one


class NumbersConfig(CountingConfig):
    """Whether the numbers and protected spans of the source are in the translation."""

    kind: Literal["numbers"] = "numbers"

    scores = (
        Score(
            "numbers",
            unscored="sources without numbers",
            says="share of the source's numbers that the translation has too (0 to 1)",
            misses="numbers written out in words; numbers that only the translation has",
            low="with lost or changed numbers",
            highest=1,
        ),
        Score(
            "protected",
            unscored="sources without code, links, formulas or placeholders",
            says="share of the source's code, links, formulas and placeholders that the translation has too (0 to 1)",
            misses="where in the translation they are",
            low="with lost code, links or placeholders",
            highest=1,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """The numbers of the prose, and the protected spans of the whole texts."""
        return [found_share(pair.source, pair.target), protected_share(pair.pair.source, pair.pair.target)]


def found_share(source: str, target: str) -> float | None:
    """The share of the source's numbers that the target has too, from 0 to 1; None if the source has none.

    Numbers are compared by their digits, in any script, without zeros at either end: 1,000.5 equals 1.000,5, and 24,000
    equals 24, because "thousand" may be a word. A century may be in Roman numerals or in years, a year without its
    first two digits or of the Buddhist era, an hour on a 24-hour clock. A missing number up to 12 counts half: it may
    be written out. Additional numbers in the target do not count: many languages write in digits what English writes
    out.
    """
    source_numbers = _NUMBER.findall(source)
    if not source_numbers:
        return None
    target_numbers: dict[str, list[str]] = {}
    for number in _NUMBER.findall(target):
        target_numbers.setdefault(_significant(number), []).append(number)
    missing = [number for number in source_numbers if not _taken(target_numbers, _significant(number))]
    if not missing:
        return 1.0
    # One side may separate digits with a comma or a colon, the other with words: "10:30", "10 h 30".
    parts = [part for numbers in target_numbers.values() for number in numbers for part in _parts(number)]
    romans = _ROMAN.findall(target)
    lost = 0.0
    for number in missing:
        parts_of_number = _parts(number)
        if not all([_found(part, parts, romans) for part in parts_of_number]):
            lost += 0.5 if len(parts_of_number) == 1 and parts_of_number[0] <= SMALL else 1
    return 1 - lost / len(source_numbers)


def protected_share(source: str, target: str) -> float | None:
    """The share of the source's protected spans that the target has too, from 0 to 1, in whole texts.

    Protected are code with its fences, inline code, URLs, placeholders, formulas, HTML. A fence that only the target
    leaves open counts as one more missing span. None if there are no spans.
    """
    source_spans = Counter(_protected(source))
    broken = _open_fence(target) and not _open_fence(source)
    total = source_spans.total() + broken
    if not total:
        return None
    return sum(min(count, target.count(span)) for span, count in source_spans.items()) / total


def _protected(text: str) -> list[str]:
    """The protected spans with a letter or digit; of nested spans, only the outermost."""
    spans = []
    end = 0
    for start, span_end in sorted(protected(text, 0, len(text)), key=lambda span: (span[0], -span[1])):
        if span_end > end:
            spans.append(text[start:span_end].strip())
            end = span_end
    if "~~~" in text:
        spans += [block[0].strip() for block in _TILDE_BLOCK.finditer(text)]
    return [span for span in spans if any(map(str.isalnum, span))]


def _open_fence(text: str) -> bool:
    return ("```" in text or "~~~" in text) and len(_FENCE.findall(text)) % 2 == 1


def _significant(number: str) -> str:
    """Only its digits, in ASCII, without zeros at either end."""
    digits = "".join(_DIGITS.findall(number))
    if not digits.isascii():
        digits = "".join(str(int(digit)) for digit in digits)
    return digits.strip("0")


def _parts(number: str) -> list[int]:
    """Each run of its digits; only the beginning of a very long run, which Python refuses to convert."""
    return [int(digits[:18]) for digits in _DIGITS.findall(number)]


def _taken(numbers: dict[str, list[str]], significant: str) -> bool:
    """Whether there is such a number; if so, it is removed."""
    places = numbers.get(significant)
    if not places:
        return False
    places.pop()
    return True


def _found(number: int, others: list[int], romans: list[str]) -> bool:
    """Whether one of the others may mean the number; if so, it is removed."""
    equivalents, significant = _equivalents(number), _significant(str(number))
    for other in others:
        if other in equivalents or _significant(str(other)) == significant:
            others.remove(other)
            return True
    return _roman(number) in romans or (number > 1000 and _roman(number // 100 + 1) in romans)


def _equivalents(number: int) -> set[int]:
    """Other numbers that mean the same: hours, centuries, years."""
    if number <= 12:
        return {number + 12, 100 * (number - 1)} - {0}
    if number < 100:
        return {1900 + number, 2000 + number, 100 * (number - 1)}
    return {number % 100, number + BUDDHIST_ERA} if number > 1000 else set()


def _roman(number: int) -> str:
    """The number in Roman numerals; empty above 49."""
    if number >= 50:
        return ""
    tens, ones = divmod(number, 10)
    return ("X" * tens if tens < 4 else "XL") + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]
