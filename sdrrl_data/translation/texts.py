"""Whole texts through a translator: cut, translated, checked, put back."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator, Unit
from sdrrl_data.run import Journal
from sdrrl_data.text.masking import plain
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import Segment, apart, segments
from sdrrl_data.translation.checks import Checks
from sdrrl_data.translation.layout import paired
from sdrrl_data.translation.retries import Asking

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
SHOWN = 80  # characters of a sentence that a reason names


def translate_texts(
    texts: Sequence[str],
    src: Language,
    tgt: Language,
    translator: Translator,
    advance: Advance = lambda _: None,
    journal: Journal | None = None,
) -> list[TextPair | SetAside]:
    """Translate texts; layout and protected spans come back byte for byte.

    A sentence that comes out wrong is asked for once more; if it is wrong again, its text is set aside. What is
    protected within a sentence is carried through it as a marker; where markers get lost, it is cut apart there.

    Args:
        texts: what is to be translated.
        src: their language, which also decides where sentences end.
        tgt: the language they are translated into.
        translator: from `src` into `tgt`.
        advance: called with the number of texts done (fractions of them, as sentences get done).
        journal: keeps each translation as soon as it is there, and brings what an earlier call had finished.
    """
    known = Asking(translator, src, tgt, journal)
    if not translator.whole_texts:
        return _by_sentence(texts, src, translator, known, advance)

    short = [text for text in texts if len(text) <= translator.max_characters]
    known.ask(short, _shared(advance, texts, short), partial(_whole_fault, known.checks))
    pairs: dict[str, TextPair | SetAside] = {}
    for text in dict.fromkeys(short):
        translation = known[text]
        if isinstance(translation, str):
            pairs[text] = _whole(text, translation)
        elif translation.again:
            pairs[text] = translation
    others = [text for text in texts if text not in pairs]
    rest = iter(_by_sentence(others, src, translator, known))
    return [pairs[text] if text in pairs else next(rest) for text in texts]


def _shared(advance: Advance, texts: Sequence[str], sentences: Iterable[str]) -> Advance:
    """Tells of texts what it is told of sentences."""
    share = len(texts) / max(len(set(sentences)), 1)
    return lambda done: advance(done * share)


def _by_sentence(
    texts: Sequence[str], src: Language, translator: Translator, known: Asking, advance: Advance = lambda _: None
) -> list[TextPair | SetAside]:
    segments_of_texts = [segments(text, src.tag, translator.max_characters) for text in texts]
    whole = [
        marked(text, segment)
        for text, segments_of_text in zip(texts, segments_of_texts, strict=True)
        for segment in segments_of_text
    ]
    known.ask(whole, _shared(advance, texts, whole))
    pieces = [
        text[start:end]
        for text, segments_of_text in zip(texts, segments_of_texts, strict=True)
        for segment in segments_of_text
        if segment.kept and _carried(text, segment, known) is None
        for start, end in apart(text, segment)
    ]
    known.ask(pieces)
    return [
        _rebuilt(text, segments_of_text, known) for text, segments_of_text in zip(texts, segments_of_texts, strict=True)
    ]


def _carried(text: str, segment: Segment, known: Asking) -> str | SetAside | None:
    """A segment's translation with all that is protected within it; None where that, or the translation, is lost.

    What a server failed at is not lost: it is to be asked again.
    """
    translation = known[marked(text, segment)]
    if isinstance(translation, SetAside):
        return translation if translation.again else None
    return restored(_line(translation), text, segment)


def _rebuilt(text: str, segments_of_text: Sequence[Segment], known: Asking) -> TextPair | SetAside:
    pieces: list[str] = []
    units: list[Unit] = []
    source_end = target_end = 0
    for start, end, translation in _translated(text, segments_of_text, known):
        if isinstance(translation, SetAside):
            return SetAside(f"{translation.reason}: “{_shown(text[start:end])}”", translation.again)
        target_start = target_end + (start - source_end)
        pieces += [text[source_end:start], translation]
        source_end, target_end = end, target_start + len(translation)
        units.append(Unit(start, end, target_start, target_end))
    pieces.append(text[source_end:])
    return TextPair(text, "".join(pieces), units)


def _translated(
    text: str, segments_of_text: Sequence[Segment], known: Asking
) -> Iterator[tuple[int, int, str | SetAside]]:
    """Each unit of a text with its translation: a segment, or its pieces."""
    for segment in segments_of_text:
        carried = _carried(text, segment, known)
        if carried is not None:
            yield segment.start, segment.end, carried
            continue
        for start, end in apart(text, segment):
            translation = known[text[start:end]]
            yield start, end, translation if isinstance(translation, SetAside) else _line(translation)


def _line(translation: str) -> str:
    """A translation of a sentence as one line: what breaks lines would break the layout."""
    return _LINE_BREAK.sub(" ", translation.strip())


def _shown(sentence: str) -> str:
    return sentence if len(sentence) <= SHOWN else f"{sentence[:SHOWN]}…"


def _whole(text: str, translation: str) -> TextPair:
    target = _with_margins(text, translation)
    units = paired(text, target)
    assert units is not None  # or its fault had been found
    return TextPair(text, target, units)


def _whole_fault(checks: Checks, text: str, translated: str) -> str | None:
    """What is wrong with the translation of a whole text."""
    target = _with_margins(text, translated)
    units = paired(text, target)
    if units is None:
        return "the layout was not kept"
    faults = (checks.fault(source, translation) for source, translation in plain(TextPair(text, target, units)))
    return next(filter(None, faults), None)


def _with_margins(text: str, translation: str) -> str:
    """A translation with the white space that the text begins and ends with."""
    body = text.strip()
    start = text.find(body)
    return text[:start] + translation.strip() + text[start + len(body) :]
