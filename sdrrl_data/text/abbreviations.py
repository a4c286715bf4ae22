"""Periods that do not end a sentence: after abbreviations, ordinals and initials, in some twenty languages.

The lists in abbreviations.tsv are written by hand: the libraries that were tried cut more of the examples in
tests/text/sentence_ends.py, and cut real text no better (`python -m benchmarks.sentence_ends`). A line has a language
(`*` for all of them), what stands before or after the period, and words without their last period:

- `word`: the sentence goes on before any word ("Dr. Smith", "z. B. Berlin", listed as "z.B");
- `number`: before a number, a single letter or a Roman numeral ("p. 5", "Fig. A");
- `digit`: before digits alone ("No. 5", but "No. I did not.");
- `end`: a sentence may end here, and goes on only before a word in lower case ("etc.");
- `first`: begins a sentence and is hardly ever a name or a noun: "vitamin C. It helps", but "C. Darwin".
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("abbreviations.tsv")
# Languages that write ordinals with a period: "am 3. Juni", "Karel IV. Lucemburský".
_WITH_ORDINALS = frozenset(
    ("bs", "cs", "da", "de", "et", "eu", "fi", "fo", "hr", "hu", "is", "lb", "lv", "nb", "nn", "no", "pl", "sk", "sl")
) | {"sr", "tr"}
# Languages whose sentences end with a danda. Where the text has one, a period marks an abbreviation.
_WITH_DANDA = frozenset(("as", "awa", "bho", "bn", "hi", "hne", "mag", "mai", "ne", "or", "pa", "sa"))
# Languages that share another one's lists.
_LISTED_AS = {"nb": "no", "nn": "no", "be": "uk", "mk": "bg", "bs": "hr", "sr": "hr", "ne": "hi", "mai": "hi"}

_NUMBER = re.compile(r"[#№]?\d|(?:[A-ZΑ-ΩА-Я]|[IVXLC]+)(?![\w'’])")
_ORDINAL = re.compile(r"(?:\d{1,2}|[IVXLC]+)\.")
# "C.", "U.S.", "J.-C."; not in scripts without capitals
_INITIAL = re.compile(r"(?:[A-Za-zÀ-\u024fͰ-Ͽ\u0400-\u04ff]\.-?)+")
_DOUBLED = re.compile(r"([A-Z])\1\.")  # "EE. UU.", "FF. AA.": a plural
# Names with a mark that ends no sentence: "Yahoo! Inc."
_NAMES_WITH_MARK = {"Yahoo!", "Yum!", "Jeopardy!", "Kahoot!", "Joomla!", "Wham!", "Airplane!", "Oliver!"}
_OPENING = "([{\"'“‘„«»¿¡*_"
_ELISION = re.compile(r"^\w{1,5}['’](?=\w{2})")  # "l'Ing."
_WORD = re.compile(r"""[(\["“„«'‘]*([\w'’]+)""")
_KINDS = ("word", "number", "digit", "end", "first")
# "Marks & Co. Ltd.", "Meier & Co. GmbH", "9 a.m. Eastern"
_AFTER_END = re.compile(
    r"(?:Inc|Ltd|Ltda|LLC|Corp|GmbH|AG|KG|OHG|S\.[ ]?A|Eastern|Pacific|[ECMP][SD]?T|GMT|UTC|CES?T)\b"
)
_QUOTATIVE = re.compile(r"(?<=[」』])(?:と(?!ても|き|ころ|りわけ|もに)|って)")  # what was said goes on with the speaker
_LONGEST = 32  # characters before the end of a sentence that are looked at
_MOST = 4  # words of an abbreviation: "i. d. R."


class Abbreviations(NamedTuple):
    """What a language says about periods."""

    language: str
    before_words: frozenset[str]
    before_numbers: frozenset[str]
    before_digits: frozenset[str]
    may_end: frozenset[str]
    first_words: frozenset[str]


@functools.cache
def abbreviations_of(tag: str) -> Abbreviations:
    """The abbreviations of a language, by its BCP 47 tag."""
    code = tag.split("-")[0]
    lists = _lists()
    names = "*", _LISTED_AS.get(code, code)
    words = {kind: frozenset(word for name in names for word in lists.get((name, kind), ())) for kind in _KINDS}
    return Abbreviations(
        code,
        _in_both_cases(words["word"]),
        _in_both_cases(words["number"]),
        _in_both_cases(words["digit"]),
        _in_both_cases(words["end"]),
        words["first"],
    )


@functools.cache
def _lists() -> dict[tuple[str, str], list[str]]:
    rows = (line.split("\t") for line in _TABLE.read_text("utf-8").splitlines())
    return {(language, kind): words.split(" ") for language, kind, words in rows}


def _in_both_cases(words: frozenset[str]) -> frozenset[str]:
    return words | {word[0].upper() + word[1:] for word in words if len(word) > 1}


def goes_on(text: str, start: int, end: int, abbreviations: Abbreviations) -> bool:
    """Whether the sentence that begins at `start` goes on at `end`, behind white space, where a splitter ends it."""
    if _QUOTATIVE.match(text, end):
        return True
    tail = text[max(start, end - _LONGEST) : end]
    tokens = [_ELISION.sub("", token.lstrip(_OPENING)) for token in tail.split()[-_MOST:]] or [""]
    if tokens[-1].endswith(("!", "?")):
        if text[end].islower():
            return tokens[-1][-2:-1].isdigit() or tokens[-1] in _NAMES_WITH_MARK  # a factorial
        return tokens[-1] in _NAMES_WITH_MARK and not _begins_with(abbreviations.first_words, text, end)
    if text[end].islower():
        return True
    if not tokens[-1].endswith("."):
        return False
    if tail[-1] == ".":
        return text[end].isalpha()  # ".NET"
    if abbreviations.language in _WITH_DANDA and "।" in text:
        return True
    return _is_abbreviation(tokens, text, end, abbreviations)


def _is_abbreviation(tokens: list[str], text: str, end: int, abbreviations: Abbreviations) -> bool:
    last = tokens[-1]
    names = {"".join(tokens[first:])[:-1] for first in _first_tokens(tokens)}
    if not names.isdisjoint(abbreviations.before_numbers) and _NUMBER.match(text, end):
        return True
    is_street = abbreviations.language == "de" and last.endswith("str.")
    if (is_street or not names.isdisjoint(abbreviations.before_digits)) and text[end].isdigit():
        return True
    if not names.isdisjoint(abbreviations.may_end):
        return bool(_AFTER_END.match(text, end))
    if not names.isdisjoint(abbreviations.before_words) or (_DOUBLED.fullmatch(last) and _DOUBLED.match(text, end)):
        return True
    if _is_ordinal(tokens, abbreviations) and not text[end].isdigit():
        return not _begins_with(abbreviations.first_words, text, end)
    if _INITIAL.fullmatch(last):
        return not _begins_with(abbreviations.first_words, text, end)
    return False


def _is_ordinal(tokens: list[str], abbreviations: Abbreviations) -> bool:
    """Whether the last token is "3." or "IV.", but not in "p. 3."."""
    before = tokens[-2][:-1] if len(tokens) > 1 and tokens[-2].endswith(".") else ""
    is_number = before in abbreviations.before_numbers or before in abbreviations.before_digits
    return abbreviations.language in _WITH_ORDINALS and not is_number and bool(_ORDINAL.fullmatch(tokens[-1]))


def _first_tokens(tokens: list[str]) -> Iterator[int]:
    """The indices of the last token, and of those before it that end with a period, too: "z. B."."""
    first = len(tokens) - 1
    yield first
    while first and tokens[first - 1].endswith("."):
        first -= 1
        yield first


def _begins_with(words: frozenset[str], text: str, start: int) -> bool:
    """Whether one of these words stands at `start`, perhaps in brackets or quotation marks, or no word at all."""
    word = _WORD.match(text, start)
    if word is None:
        return True
    is_initial = len(word[1]) == 1 and text.startswith(".", word.end())
    return word[1] in words and not is_initial
