"""HTML entities that stand for a character of a word, such as that in "won&rsquo;t"."""

import html
import re

ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});"
_ENTITY = re.compile(ENTITY)


def is_character(text: str, start: int, end: int) -> bool:
    """Whether the entity `text[start:end]` stands between letters, or for a letter of a word."""
    char = html.unescape(text[start:end])
    if len(char) != 1 or char in "[]" or not (char.isprintable() or char == "\u00a0"):
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalpha() and after.isalpha():
        return True
    return char.isalpha() and (before.isalpha() or before == ";" or after.isalpha() or after == "&")


def decoded(text: str) -> str:
    """The text with characters instead of its entities."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


def encoded(translation: str, source: str) -> str:
    """The translation of a text that was decoded, with the entities of `source` instead of their characters.

    A character that the source also has as it is stays as it is.
    """
    if "&" not in source:
        return translation
    entities = {html.unescape(entity): entity for entity in _ENTITY.findall(source)}
    plain = _ENTITY.sub("", source)
    return translation.translate(
        {ord(char): entity for char, entity in entities.items() if len(char) == 1 and char not in plain}
    )
