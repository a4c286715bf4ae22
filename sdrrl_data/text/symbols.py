"""The symbols in a text: what every translation has to have too, whatever its language.

They are signs (mathematics, currencies, "%", "#"), emoji, and words of no language: "@name", "C#", "v2.0.1", "[12]".
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

import regex

from sdrrl_data.text.entities import ENTITY

Kind = Literal["word", "sign", "separator"]


class Symbol(NamedTuple):
    """A symbol and its position (in characters, end excluded).

    A sign belongs to the number or the word that it touches; a separator, such as an emoji or an arrow, does not.
    """

    start: int
    end: int
    key: str  # the same for all ways to write it, such as "%" in full width
    kind: Kind


# Sequences of https://www.unicode.org/reports/tr51/: keycaps, flags, skin tones, several joined into one.
_PICTURE = r"\p{Extended_Pictographic}[\uFE0E\uFE0F\p{Emoji_Modifier}]*[\U000E0020-\U000E007F]*"
_BY_NAME = r"(?<![\w:]):(?:[a-z][a-z0-9_+-]*|[+-]1):(?![\w:])"  # as on GitHub
_EMOJI = rf"{_BY_NAME} | [0-9\#*]\uFE0F?\u20E3 | \p{{Regional_Indicator}}{{2}} | {_PICTURE}(?:\u200D{_PICTURE})*"
_ARROW = r"[\u2190-\u21FF\u27F0-\u27FF\u2900-\u297F\u2B00-\u2BFF]"
_WORDS = [
    r"(?<![\w&/])[\#＃](?=\w*\p{L})\w+",  # hashtags, colours
    r"(?<![\w.])[@＠]\w+(?:[.-]\w+)*",  # mentions
    r"(?<![\w\#@])\p{L}\w*+(?:\+\+|[\#♯])(?![\w+])",  # C++, C#
    r"(?<![\w.)\]])\.[A-Za-z][A-Za-z0-9]{1,7}+(?!\w)",  # .NET, .csv
    r"(?<!\w)10\.\d{4,9}/[^\s\"<>]*[^\s\"<>.,;:)\]]",  # DOI
    # versions and addresses, but no dates ("24.12.2010") and no grouped digits ("1.000.000")
    r"(?<![\w.])[vV]\d+(?:\.\d+)*+(?:[-+][0-9A-Za-z.]*[0-9A-Za-z])?",
    r"(?<![\w.,])(?!\d{1,2}\.\d{1,2}\.\d{2,4}(?!\.?\d)|\d{1,3}(?:\.\d{3})++(?!\.?\d))\d+(?:\.\d+){2,}+(?:[-+]\w+(?:\.\w+)*)?(?!\w)",
    r"(?<![\w:])(?:(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}|(?=[0-9A-Fa-f:]*[0-9A-Fa-f])[0-9A-Fa-f:]*::[0-9A-Fa-f:]*)"
    r"(?:/\d+)?(?![\w:])",
    # citations and arrays
    r"(?=\[{1,2}\s?[+−-]?\d)\[(?:[\d\s.,;+−–-]++|\[[\d\s.,;+−–-]*+\])*+\]",
    r"\[\s*+(?:(?:\"[^\"\[\]\n]*\"|'[^'\[\]\n]*'|-?\d[\d.]*)\s*+(?:,\s*+|(?=\])))++\]",
    # numbers of computers, hashes, UUIDs, base64, JWT
    r"(?<!\w)0(?:[xX][0-9A-Fa-f]+|[bB][01]+)(?!\w)",
    r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])",
    r"(?<!\w)(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}+(?!\w)",
    r"(?<!\w)(?=[A-F]*\d)(?=\d*[A-F])[0-9A-F]{7,}+(?!\w)",
    r"(?<![\w/+=.-])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])(?=[\w+/-]*\d)[A-Za-z0-9+/_-]{16,}+"
    r"(?:={1,2}|(?:\.[A-Za-z0-9_-]{10,})++)?+(?![\w/+=])",
    r"(?<![\w/+=.-])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{6,}+={1,2}(?![\w=])",
    r"(?<!\w)(?:[ACGTN]{5,}|[ACGU]{5,})(?!\w)",  # genes
]
# Units with the same name in all languages that are written in the Latin alphabet.
_UNIT = (
    r"(?<=\d[\s\u00a0\u202f-]?)(?:[nµμmck]m|[µμmk]g|[mcd][lL]|[kMGT]?Hz|[kMGT]Wh?|mAh|[khM]Pa|mmHg|dB|kJ|kcal|mol)"
    r"(?![\p{L}\d])"
)
_BEFORE_SIGNED_NUMBER = r"(?:(?<=[\s(\[{=<>≤≥±×÷*/,;:\"'“«])|(?<!.))"
_SYMBOL = regex.compile(
    rf"""
      # At most places, this look-around ends the search: within words, and at the punctuation of sentences.
      (?: (?<![^\W\d])(?=\w) | (?=[^\w\s,;:!?'"()’“”–—]) | (?=:[a-z+-]) )
      (?: (?P<entity> {ENTITY} )
    | (?P<emoji> {_EMOJI} )
    | (?P<word> {" | ".join(_WORDS)} )
    | (?P<degree> [°˚]\s?[CFK](?!\w) | (?<=\d\s?)º\s?[CFK](?!\w) | [℃℉] )
    | (?P<unit> {_UNIT} )
    | (?P<currency> (?<![A-Za-z])[A-Z]{{1,3}}\$ | \p{{Sc}} )
    | (?P<minus> \u2212 | {_BEFORE_SIGNED_NUMBER}[-‑](?=\d) )
    | (?P<separator> {_ARROW} | [|｜•] )
    | (?P<sign> (?<!~)~(?!~) | (?<=\w)&(?=\w) | (?<=\s)\*(?=\s) | (?<=[\d)]\s?)\*(?=\s?[\d(])
        | (?![~～|])[\p{{Sm}}\p{{So}}\p{{No}}^%٪﹪％‰‱\\§¶†‡′″‴⁂※@＠\#＃] )
      )
    """,
    regex.VERBOSE,
)
# What every symbol has: most sentences are skipped quickly, those in ASCII by `re`, which is several times as fast.
_SIGN_OF_ASCII = r"\d%\\\#@&*\["
_WORD_WITH_SYMBOLS = r"(?<![\w.)\]])\.[A-Za-z]|[A-Z]{5}|::|:[a-z+-]|[A-Za-z]{16}"
_ASCII_SIGN = re.compile(rf"[{_SIGN_OF_ASCII}$+<=>^`|~]|{_WORD_WITH_SYMBOLS}", re.ASCII)
_SIGN = regex.compile(rf"[{_SIGN_OF_ASCII}\p{{S}}\p{{No}}\p{{RI}}٪﹪％‰‱§¶†‡•′″‴⁂※＠＃]|{_WORD_WITH_SYMBOLS}")
# Signs that mean the same. All others are compared as they are, without their width.
_PERCENT = "٪﹪"
_WIDE = range(0xFF01, 0xFFEF)


def symbols(text: str, start: int = 0, end: int | None = None) -> Iterator[Symbol]:
    """The symbols in `text[start:end]`, in order."""
    stop = len(text) if end is None else end
    if not (_ASCII_SIGN if text.isascii() else _SIGN).search(text, start, stop):
        return
    for match in _SYMBOL.finditer(text, start, stop):
        group, key = str(match.lastgroup), match[0]
        if group == "entity":
            if html.unescape(key) == key or not (decoded := _SYMBOL.fullmatch(html.unescape(key))):
                continue
            group, key = str(decoded.lastgroup), decoded[0]
        yield Symbol(match.start(), match.end(), _key(group, key), _KINDS.get(group, "sign"))


_KINDS: dict[str, Kind] = {"emoji": "separator", "separator": "separator", "word": "word", "unit": "word"}


def _key(group: str, text: str) -> str:
    if group == "minus":
        return "−"
    if group == "emoji":
        return text.replace("\ufe0e", "").replace("\ufe0f", "")
    text = "".join(unicodedata.normalize("NFKC", char) if ord(char) in _WIDE else char for char in text)
    if group == "degree":
        return f"°{unicodedata.normalize('NFKC', text)[-1]}"
    if group == "currency":
        return text.removeprefix("US")
    if group == "unit":
        return text.replace("μ", "µ").replace("l", "L")
    if group == "word" and text.startswith("["):
        return "".join(text.split())
    return "%" if text in _PERCENT else text
