"""Whole texts through a translator of sentences: cut, translate, put back."""

from collections.abc import Sequence

from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator, Unit
from sdrrl_data.text.segments import sentences


def translate_texts(
    texts: Sequence[str], language: str, translator: Translator, advance: Advance
) -> list[TextPair | SetAside]:
    """Translate texts; layout and protected spans come back byte for byte.

    Args:
        texts: what is to be translated.
        language: the BCP 47 tag of their language, which decides where sentences end.
        translator: what translates a sentence.
        advance: called with the number of texts done (fractions of them, as sentences get done).
    """
    spans = [sentences(text, language, translator.max_characters) for text in texts]
    # A sentence that stands in several places is translated once.
    distinct = dict.fromkeys(text[a:b] for text, found in zip(texts, spans, strict=True) for a, b in found)
    share = len(texts) / max(len(distinct), 1)
    translations = translator.translate(list(distinct), lambda done: advance(done * share))
    known = dict(zip(distinct, translations, strict=True))
    return [_rebuild(text, found, known) for text, found in zip(texts, spans, strict=True)]


def _rebuild(text: str, spans: Sequence[tuple[int, int]], known: dict[str, str]) -> TextPair | SetAside:
    pieces: list[str] = []
    units: list[Unit] = []
    source_end = target_end = 0
    for start, end in spans:
        translation = " ".join(known[text[start:end]].split())
        if not translation:
            return SetAside(f"the translator returned nothing for {text[start:end]!r}")
        target_start = target_end + (start - source_end)
        pieces += [text[source_end:start], translation]
        source_end, target_end = end, target_start + len(translation)
        units.append(Unit(start, end, target_start, target_end))
    pieces.append(text[source_end:])
    return TextPair(text, "".join(pieces), units)
