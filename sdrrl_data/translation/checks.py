"""Whether the translation of one sentence is plainly broken."""

import re
from collections import Counter

from sdrrl_data.languages import Language
from sdrrl_data.text.scripts import all_scripts, is_letter_of, scripts

# How many Latin letters one of these stands for. For Japanese and Korean measured, for the others estimated.
_DENSE = [
    (re.compile("[\u3400-\u9fff]"), 3.0),  # Han
    (re.compile("[\u3041-\u30ff]"), 2.0),  # kana
    (re.compile("[\uac00-\ud7a3]"), 2.3),  # Hangul
    (re.compile("[\u1200-\u137f]"), 1.5),  # Ethiopic
    (re.compile("[\u05d0-\u06ff]"), 1.2),  # Hebrew and Arabic, which leave out vowels
]
# In Latin letters: below LEAST * source - SLACK something is lost, above MOST * source + EXTRA something is made up.
LEAST, SLACK = 0.65, 12
MOST, EXTRA = 2.0, 15

RUN = 6  # characters
REPEATED = 0.35  # share of runs that occurred before, above that of the source; true pairs reach 0.33
SOME_REPEATED = 0.1  # share from which on it is worth looking for the same thing four times in a row
SHORTEST_LOOP = 20  # characters
_STAMMER = re.compile(r"(?=.?[^\W\d_])(.{2,30}?)\1{3}")

MIN_WORDS = 4  # a sentence of fewer different words may be a title or a name
# Share of the source's words that may stay: in another script, in the same, and where the languages may be close.
COPIED_ELSEWHERE, COPIED, COPIED_CLOSE = 0.45, 0.6, 0.9
_WORD = re.compile(r"[^\W\d_]{2,}")

_NUMBER = re.compile(r"\d+(?:[.,  \u202f'’]\d{3}(?!\d))*")
_GROUPING = re.compile(r"\D")

_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+")
ALIEN = 5  # letters in the source's script by which they must outnumber the target's
STRAY = 2  # letters of a third script


class Checks:
    """Finds faults that no good translation between two languages has.

    On true pairs (FLORES dev and Tatoeba, 16 languages, from and into English) at most 3 in 1,000 of a language are
    taken for broken. Of faults planted there at least 99 in 100 copied sources, loops, translations given twice and in
    another script are found, 97 that lost two thirds, and 55 to 79 that lost half. A missing number raises no more than
    a doubt: of true pairs that have some, 6 to 22 in 100 have other digits on one side, in Korean and Japanese most.
    """

    def __init__(self, src: Language, tgt: Language) -> None:
        source, target = scripts(src), scripts(tgt)
        self._scripts, self._target_scripts = all_scripts(), target
        # What may stand in a sentence, but not fill it: names, quotations, Chinese characters in Korean.
        self._guest_scripts = (source | {"Latn"} | ({"Hani"} if target == {"Hang"} else set())) - target
        if not source & target:
            self._copied = COPIED_ELSEWHERE
        else:  # English is close to none of them
            self._copied = COPIED if "en" in (src.tag, tgt.tag) else COPIED_CLOSE

    def fault(self, source: str, translation: str) -> str | None:
        """What is wrong with the translation of a sentence, in a few words; None where nothing is."""
        if not translation.strip():
            return "nothing came back"
        if _loops(source, translation):
            return "it repeats itself"
        length, expected = _length(translation), _length(source)
        if length < LEAST * expected - SLACK:
            return "part of the text is lost"
        if length > MOST * expected + EXTRA:
            return "it is far too long"
        if _copied(source, translation) > self._copied:
            return "the source is copied"
        if self._is_in_wrong_script(source, translation):
            return "it is in the wrong script"
        return None

    def is_doubtful(self, source: str, translation: str) -> bool:
        """Whether a number of three or more digits is missing: mostly a fault, but it may be spelled in letters."""
        return not _numbers(source) <= _numbers(translation)

    def _is_in_wrong_script(self, source: str, translation: str) -> bool:
        if translation.isascii() and "Latn" in self._target_scripts:
            return False
        if "Latn" not in self._target_scripts:
            # Names, abbreviations and markers that stay as they are.
            source_words = {word.casefold() for word in _LATIN_WORD.findall(source)}
            translation = _LATIN_WORD.sub(
                lambda word: "" if word[0].casefold() in source_words else word[0], translation
            )
        expected = guests = strays = 0
        for char, count in Counter(translation).items():
            if not char.isalpha():
                continue
            if is_letter_of(char, self._target_scripts):
                expected += count
            elif is_letter_of(char, self._guest_scripts):
                guests += count
            elif is_letter_of(char, self._scripts) and char not in source:
                strays += count
        return guests > expected + ALIEN or strays >= STRAY


def _loops(source: str, translation: str) -> bool:
    repetition = _repetition(translation)
    if repetition <= SOME_REPEATED:
        return False
    return repetition > _repetition(source) + REPEATED or bool(
        _STAMMER.search(translation) and not _STAMMER.search(source)
    )


def _repetition(text: str) -> float:
    """The share of runs of characters that occurred before, from 0 to 1; 0 for a short text."""
    if len(text) < SHORTEST_LOOP:
        return 0.0
    runs = len(text) - RUN + 1
    return 1 - len({text[start : start + RUN] for start in range(runs)}) / runs


def _numbers(text: str) -> set[str]:
    """The numbers of three or more digits, without what groups them."""
    plain = (_GROUPING.sub("", number) for number in _NUMBER.findall(text))
    return {str(int(digits)) for digits in plain if len(digits) >= 3}


def _length(text: str) -> float:
    """How long a text would be in Latin letters."""
    if text.isascii():
        return len(text)
    return len(text) + sum((letters - 1) * len(pattern.findall(text)) for pattern, letters in _DENSE)


def _copied(source: str, translation: str) -> float:
    """The share of the source's words, names left out, that stand in the translation too; 0 where they are few."""
    words = {word for word in _WORD.findall(source) if not word[0].isupper()}
    if len(words) < MIN_WORDS:
        return 0.0
    return len(words & {word.lower() for word in _WORD.findall(translation)}) / len(words)
