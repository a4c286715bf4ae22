"""In which symbols a text and its translation differ."""

import unicodedata
from collections import Counter

import regex

from sdrrl_data.text.paired_marks import as_read
from sdrrl_data.text.protected import protected
from sdrrl_data.text.symbols import symbols

_NUMBER_SIGN = r"[#＃№第번號号]|\b[Nn](?:[.ºo°r]{1,2}(?!\p{L})|[úu]m)"
# The forms of a sign that may stand for one another, with signs that some languages write as a word.
_FORMS = {
    "#": _NUMBER_SIGN,
    "№": _NUMBER_SIGN,
    "°": "[°º˚]",
    "$": r"(?<![A-Z])[$＄]|US\s?[$＄]|\bUSD\b|美元|ドル|달러",
    "€": r"€|\bEUR\b|欧元|ユーロ|유로",
    "£": r"[£￡]|\bGBP\b|英镑|ポンド|파운드",
    "¥": r"[¥￥円元엔]|\bJPY\b|\bCNY\b",
    "%": "[%٪﹪％]|パーセント|퍼센트",
    "½": r"½|1\s?[/⁄]\s?2",
    "¼": r"¼|1\s?[/⁄]\s?4",
    "¾": r"¾|3\s?[/⁄]\s?4",
    "*": r"\*",  # the marks of an emphasis may get spaces around them
    "−": r"\u2212|(?<!\w)[-‑–—]\s?(?=[\d.(])|(?<=[\d)]\s)[-–](?=\s[\d(])",
}
_FORM_PATTERNS = {key: regex.compile(pattern) for key, pattern in _FORMS.items()}
# What a translation may have where the source has a word: "percent", "and", "number", "by", "square", "half".
_OFTEN_A_WORD = {*"%°#№§&×²³½¼¾", "°C", "°F"}
_DEGREES = {"°C", "°F", "°K"}
_UNIT = regex.compile("[A-Za-zµ]{1,4}")
_OTHER_ALPHABET = regex.compile(r"(?!\p{Latin})\p{L}")
_DIGITS = regex.compile(r"[\d.]{2,}")
_RANGE = regex.compile(r"[-‑–—]\s?\d|\d\s?[-‑–—]")


def differences(source: str, target: str, words_for_signs: bool = False) -> list[str]:
    """The symbols that the target lacks, then those that only the target has, each as many times as it differs.

    Left out is what differs between good translations: places, spaces, full width, a hyphen for a minus, the unit in
    letters of another alphabet, a sign where the source has a word.

    Args:
        source: the text.
        target: its translation.
        words_for_signs: whether the target may also have a word for a currency, "%", "°", "#" or a unit, as people do.
            It may not have the sign of another currency.
    """
    lost = _differences(source, target, words_for_signs)
    if "*" in lost:  # it may be a mark of emphasis, such as that before a bracket
        return min(lost, _differences(_without_emphasis(source), _without_emphasis(target), words_for_signs), key=len)
    return lost


def _without_emphasis(text: str) -> str:
    return as_read(text, protected(text, 0, len(text)))


def _differences(source: str, target: str, words_for_signs: bool) -> list[str]:
    source_symbols = Counter(symbol.key for symbol in symbols(source))
    target_symbols = Counter(symbol.key for symbol in symbols(target))
    if source_symbols == target_symbols:
        return []
    missing, added = source_symbols - target_symbols, target_symbols - source_symbols
    if _OTHER_ALPHABET.search(target):
        missing = Counter({key: count for key, count in missing.items() if not _is_spelled(key, added)})
    if words_for_signs:
        other_currency = any(map(_is_currency, added))
        missing = Counter({key: count for key, count in missing.items() if not _has_a_word(key, other_currency, added)})
    lost = [key for key, count in missing.items() for _ in range(min(count, _count(key, source) - _count(key, target)))]
    return lost + [key for key, count in added.items() if not _is_expected(key, source, target) for _ in range(count)]


def _count(key: str, text: str) -> int:
    """How often a symbol occurs, in any form and in any place."""
    pattern = _FORM_PATTERNS.get(key)
    if pattern:
        return len(pattern.findall(text))
    return text.count(key) if len(key) > 1 and key in text else sum(symbol.key == key for symbol in symbols(text))


def _is_currency(key: str) -> bool:
    return unicodedata.category(key[-1]) == "Sc"


def _has_a_word(key: str, other_currency: bool, added: Counter[str]) -> bool:
    """Whether the target may have a word for the symbol."""
    if _is_currency(key):
        return not other_currency
    if key in _DEGREES:
        return not added.keys() & _DEGREES
    return key in _OFTEN_A_WORD or bool(_UNIT.fullmatch(key))


def _is_spelled(key: str, added: Counter[str]) -> bool:
    """Whether another alphabet has letters of its own for this unit."""
    return bool(_UNIT.fullmatch(key)) or (key in _DEGREES and not added.keys() & _DEGREES)


def _is_expected(key: str, source: str, target: str) -> bool:
    """Whether a good translation may have this symbol, although the source has it less often."""
    if key in _OFTEN_A_WORD or _UNIT.fullmatch(key) or _is_currency(key):
        return True
    if key in ("−", "~"):
        return bool(_RANGE.search(source))
    if key == "*":
        return target.count("*") <= source.count("*")
    if _DIGITS.fullmatch(key) or key.startswith("."):
        return True  # a number, or a sentence that begins without a space
    return len(key) > 1 and 0 < target.count(key) <= source.count(key)
