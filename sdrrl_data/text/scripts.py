"""Which script a letter belongs to, and which scripts a language is written in."""

import functools
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdrrl_data.languages import Language

if TYPE_CHECKING:
    import numpy as np

# The scripts of FLORES-200, each by the words with which its letters' names in Unicode begin.
_SCRIPTS = {
    "Arab": {"ARABIC"},
    "Armn": {"ARMENIAN"},
    "Beng": {"BENGALI", "OL"},  # Santali, `sat_Beng` in NLLB, is written in Ol Chiki
    "Cyrl": {"CYRILLIC"},
    "Deva": {"DEVANAGARI"},
    "Ethi": {"ETHIOPIC"},
    "Geor": {"GEORGIAN"},
    "Grek": {"GREEK"},
    "Gujr": {"GUJARATI"},
    "Guru": {"GURMUKHI"},
    "Hang": {"HANGUL"},
    "Hans": {"CJK"},
    "Hant": {"CJK"},
    "Hebr": {"HEBREW"},
    "Jpan": {"CJK", "HIRAGANA", "KATAKANA"},
    "Khmr": {"KHMER"},
    "Knda": {"KANNADA"},
    "Laoo": {"LAO"},
    "Latn": {"LATIN"},
    "Mlym": {"MALAYALAM"},
    "Mymr": {"MYANMAR"},
    "Orya": {"ORIYA"},
    "Sinh": {"SINHALA"},
    "Taml": {"TAMIL"},
    "Telu": {"TELUGU"},
    "Tfng": {"TIFINAGH"},
    "Thai": {"THAI"},
    "Tibt": {"TIBETAN"},
}
_KNOWN = frozenset().union(*_SCRIPTS.values())
_UNSEEN, _ANOTHER = 255, 254  # beside the numbers of the scripts


def scripts(language: Language) -> set[str]:
    """The scripts that a language is written in, by the names that `script` gives them."""
    return _SCRIPTS[language.flores.split("_")[1]]


@functools.cache
def script(char: str) -> str | None:
    """The script of a letter as the first word of its name says; None for what is no letter of FLORES-200's scripts."""
    name = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
    return name if char.isalpha() and name in _KNOWN else None


def letters(texts: Sequence[str], language: Language) -> "tuple[np.ndarray, np.ndarray]":
    """How many letters each text has, and how many of them are in a script that the language is written in.

    A letter is what Unicode calls one: neither a digit nor a mark above a letter.
    """
    import numpy as np

    # A line end after each, so that none is empty, which `reduceat` takes for one item.
    whole = "".join(f"{text}\n" for text in texts)
    found = _script_numbers(np.frombuffer(whole.encode("utf-32-le", errors="surrogatepass"), np.uint32))
    lengths = np.array([len(text) + 1 for text in texts], np.intp)
    starts = np.cumsum(lengths) - lengths
    own = np.isin(found, [_numbers()[name] for name in scripts(language)])
    return np.add.reduceat(found > 0, starts, dtype=np.intp), np.add.reduceat(own, starts, dtype=np.intp)


@functools.cache
def _numbers() -> dict[str, int]:
    """The scripts, counted from 1."""
    return {name: number for number, name in enumerate(sorted(_KNOWN), 1)}


def _script_numbers(codes: "np.ndarray") -> "np.ndarray":
    """Of each code point, the number of its script; 0 where it is no letter."""
    import numpy as np

    table = _table()
    found: np.ndarray = table[codes]
    unseen = np.unique(codes[found == _UNSEEN])
    if len(unseen):
        table[unseen] = [_script_number(chr(code)) for code in unseen]
        found = table[codes]
    return found


def _script_number(char: str) -> int:
    name = script(char)
    return _numbers()[name] if name else _ANOTHER if char.isalpha() else 0


@functools.cache
def _table() -> "np.ndarray":
    """The script's number of each code point that has been met; that of the others is found when they are."""
    import numpy as np

    return np.full(sys.maxunicode + 1, _UNSEEN, np.uint8)
