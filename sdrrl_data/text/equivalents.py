"""Characters that a translator does not have, in the characters that it has."""

import unicodedata

from sdrrl_data.text.dashes import DASHES, as_dashes, as_hyphens
from sdrrl_data.text.entities import decoded

_EQUIVALENTS = (
    dict.fromkeys("‘’‚‛ʼ＇", "'")
    | dict.fromkeys("“”„‟«»＂", '"')
    | dict.fromkeys("‐‑‒–—―", "-")
    | dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " ")
    | dict.fromkeys("\u00ad\u200b\u2060\ufeff", "")  # soft hyphens, joiners
    | {"…": "...", "‹": "'", "›": "'", "·": "-"}
)


def readable(text: str, characters: frozenset[str] | None) -> str:
    """The text as a translator with these characters can read it; they are not known: only without its entities.

    Curly quotation marks, dashes and accents in two characters are written in another way, if they are not among them.
    """
    text = decoded(text)
    if characters is None or characters.issuperset(text):
        return text
    text = unicodedata.normalize("NFC", text)
    if _has_unreadable_dash(text, characters):
        text = as_hyphens(text)
    return "".join(char if char in characters else _EQUIVALENTS.get(char, char) for char in text)


def with_dashes(translation: str, source: str, characters: frozenset[str] | None) -> str:
    """The translation of what `readable` returned for a source, with the source's dashes, if they were replaced."""
    if characters is None or not _has_unreadable_dash(source, characters):
        return translation
    return as_dashes(translation, source)


def is_readable(text: str, place: int, characters: frozenset[str]) -> bool:
    """Whether a translator with these characters can read the character at this place, if need be in another form."""
    char = text[place]
    if char in characters or char.isspace() or char in _EQUIVALENTS:
        return True
    if unicodedata.category(char) == "Mn" and place:
        return unicodedata.normalize("NFC", text[place - 1 : place + 1]) in characters
    return unicodedata.normalize("NFC", char) in characters


def entity_is_readable(entity: str, characters: frozenset[str]) -> bool:
    """The same for an entity."""
    char = decoded(entity)
    return all(is_readable(char, place, characters) for place in range(len(char)))


def _has_unreadable_dash(text: str, characters: frozenset[str]) -> bool:
    return any(dash in text and dash not in characters for dash in DASHES)
