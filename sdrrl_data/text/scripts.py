"""Which script a letter belongs to, and which scripts a language is written in."""

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import regex

from sdrrl_data.languages import Language, search

if TYPE_CHECKING:
    import numpy as np

# Codes of FLORES-200 that do not stand for exactly one script in Unicode. All codes are from ISO 15924.
_SEVERAL = {
    "Beng": frozenset({"Beng", "Olck"}),  # Santali, `sat_Beng` in NLLB, is written in Ol Chiki
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
}
# Thai and Lao write the vowel "am" as one character. NFKC, which many tokenizers apply, takes it apart.
_AM = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}
_UNSEEN = 255
_CHINESE = ("Hans", "Hant")  # simplified, traditional


def scripts(language: Language) -> frozenset[str]:
    """The scripts that a language is written in, by their ISO 15924 codes."""
    code = language.flores.split("_")[1]
    return _SEVERAL.get(code, frozenset({code}))


@functools.cache
def with_vowels_joined(text: str) -> str:
    """The text with the vowel "am" of Thai and Lao as one character, as people write it.

    What NLLB-200 translated into Thai for Mozilla's evaluation (997 sentences of FLORES-200) has the two characters 735
    times, and never the one.
    """
    for apart, joined in _AM.items():
        text = text.replace(apart, joined)
    return text


def all_scripts() -> frozenset[str]:
    """The scripts that any language of FLORES-200 is written in."""
    return frozenset().union(*map(scripts, search("")))


@functools.cache
def is_letter_of(char: str, codes: frozenset[str]) -> bool:
    """Whether a character is a letter of one of these scripts, or a letter that several scripts share, such as `ー`."""
    return char.isalpha() and any(regex.match(rf"\p{{Script_Extensions={code}}}", char) for code in codes)


def letters(texts: Sequence[str], language: Language) -> "tuple[np.ndarray, np.ndarray]":
    """How many letters each text has, and how many of them are in a script that the language is written in.

    A letter is a letter in Unicode's sense: neither a digit nor a combining mark. Chinese characters that only one of
    simplified and traditional Chinese has decide about those that both have: if a third of them are of the other kind,
    a third of all characters are not counted.
    """
    import numpy as np

    # A line end after each text, so that none is empty: `reduceat` counts an empty text as one character.
    joined = "".join(f"{text}\n" for text in texts)
    points = np.frombuffer(joined.encode("utf-32-le", errors="surrogatepass"), np.uint32)
    kinds = _kinds(points, scripts(language))
    lengths = np.array([len(text) + 1 for text in texts], np.intp)
    starts = np.cumsum(lengths) - lengths
    in_script = np.add.reduceat(kinds == 2, starts, dtype=np.intp)
    code = language.flores.rpartition("_")[2]
    if code in _CHINESE:
        of_kind, of_other = (
            np.add.reduceat(table[points], starts, dtype=np.intp) for table in (_only_in(code), _only_in(_other(code)))
        )
        in_script -= np.rint(in_script * of_other / np.maximum(of_kind + of_other, 1)).astype(np.intp)
    return np.add.reduceat(kinds > 0, starts, dtype=np.intp), in_script


def _other(code: str) -> str:
    return _CHINESE[1 - _CHINESE.index(code)]


@functools.cache
def _only_in(code: str) -> "np.ndarray":
    """For each code point, whether only simplified ("Hans") or only traditional Chinese ("Hant") has the character.

    Source: the headwords of CC-CEDICT, in the package zhon.
    """
    import numpy as np
    from zhon import cedict

    characters = dict(zip(_CHINESE, (set(cedict.simplified), set(cedict.traditional)), strict=True))
    table = np.zeros(sys.maxunicode + 1, np.bool_)
    table[list(map(ord, characters[code] - characters[_other(code)]))] = True
    return table


def _kinds(points: "np.ndarray", codes: frozenset[str]) -> "np.ndarray":
    """For each code point: 2 for a letter of these scripts, 1 for another letter, 0 if it is not a letter."""
    import numpy as np

    table = _table(codes)
    kinds: np.ndarray = table[points]
    unseen = np.unique(points[kinds == _UNSEEN])
    if len(unseen):
        table[unseen] = [char.isalpha() + is_letter_of(char, codes) for char in map(chr, unseen)]
        kinds = table[points]
    return kinds


@functools.cache
def _table(codes: frozenset[str]) -> "np.ndarray":
    """The kind of each code point, filled in by `_kinds` when the code point first occurs."""
    import numpy as np

    return np.full(sys.maxunicode + 1, _UNSEEN, np.uint8)
