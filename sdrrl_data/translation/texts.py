"""Translates whole texts: cuts them, translates and checks the pieces, and puts them together again."""

from collections.abc import Iterable, Sequence
from functools import partial

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside, TextPair, Translator, Unit
from sdrrl_data.run import Journal
from sdrrl_data.text.attributes import breaks_attribute
from sdrrl_data.text.capitals import as_sent, as_written, words_in_small_letters
from sdrrl_data.text.labels import names_in_sentences
from sdrrl_data.text.layout import outline
from sdrrl_data.text.lost_symbols import differences
from sdrrl_data.text.masking import plain
from sdrrl_data.text.segments import segments
from sdrrl_data.text.wraps import joined, wrapped_again
from sdrrl_data.translation.capitals import InSentenceCase
from sdrrl_data.translation.checks import SOURCE_COPIED, Checks
from sdrrl_data.translation.emphasis import translate_emphasised
from sdrrl_data.translation.layout import paired_lines
from sdrrl_data.translation.passage import Passage
from sdrrl_data.translation.passages import Translated, lost_symbols
from sdrrl_data.translation.retries import SentenceTranslations

SHOWN = 80  # characters of a sentence that a reason quotes
# A sentence of no more than this, such as the title of a book in a list, stays as it is if the translator copies it.
SHORT, SMALL_SHARE = 80, 0.1  # characters; share of its text


def translate_texts(
    texts: Sequence[str],
    src: Language,
    tgt: Language,
    translator: Translator,
    advance: Advance = lambda _: None,
    journal: Journal | None = None,
) -> list[TextPair | SetAside]:
    """Translate texts; layout and protected spans come back byte for byte.

    A sentence that comes out wrong is translated once more; if it is wrong again, its text is set aside. Protected
    spans within a sentence are sent as markers; if a marker is lost, the pieces between the spans are translated. Where
    the translation has other symbols than the sentence, or the translator is known not to have their characters,
    they are sent as markers, too; if one is lost, the text is set aside. The words of a slot are translated by
    themselves. Emphasis is not sent; its marks come back where the words went, and are left out where that is not sure.
    A paragraph that is wrapped by hand is sent without its line ends. Each line, item and cell begins with a capital if
    its source does.

    Args:
        texts: to translate.
        src: their language, which also decides where sentences end.
        tgt: the language that they are translated into.
        translator: from `src` into `tgt`.
        advance: called with the number of texts that are finished (a fraction for each sentence).
        journal: keeps each translation as soon as it is final, and has those that an earlier call finished.
    """
    joined_texts, wraps = zip(*map(joined, texts), strict=True) if texts else ((), ())
    if translator.whole_texts:
        translations = SentenceTranslations(translator, src, tgt, journal)
        results = _as_wholes(joined_texts, src, tgt, translator, translations, advance)
    else:
        translator = InSentenceCase(translator, src, tgt)
        translations = SentenceTranslations(translator, src, tgt, journal)
        results = _by_sentence(joined_texts, src, tgt, translator, translations, advance)
    return [
        result if isinstance(result, SetAside) else wrapped_again(result, text, wraps_of_text)
        for text, wraps_of_text, result in zip(texts, wraps, results, strict=True)
    ]


def _as_wholes(
    texts: Sequence[str],
    src: Language,
    tgt: Language,
    translator: Translator,
    translations: SentenceTranslations,
    advance: Advance,
) -> list[TextPair | SetAside]:
    """Translate whole texts; by sentence where they are too long, or come out wrong twice."""
    short = [text for text in texts if len(text) <= translator.max_characters]
    translations.translate(short, _counted_in_texts(advance, texts, short), partial(_text_fault, translations.checks))
    pairs: dict[str, TextPair | SetAside] = {}
    for text in dict.fromkeys(short):
        translation = translations[text]
        if isinstance(translation, str):
            pairs[text] = _text_pair(text, translation, src, tgt)
        elif translation.again:
            pairs[text] = translation
    others = [text for text in texts if text not in pairs]
    other_results = iter(_by_sentence(others, src, tgt, translator, translations))
    return [pairs[text] if text in pairs else next(other_results) for text in texts]


def _counted_in_texts(advance: Advance, texts: Sequence[str], sentences: Iterable[str]) -> Advance:
    """Calls `advance` with a number of texts when it is called with a number of distinct sentences."""
    texts_per_sentence = len(texts) / max(len(set(sentences)), 1)
    return lambda finished: advance(finished * texts_per_sentence)


def _by_sentence(
    texts: Sequence[str],
    src: Language,
    tgt: Language,
    translator: Translator,
    translations: SentenceTranslations,
    advance: Advance = lambda _: None,
) -> list[TextPair | SetAside]:
    segments_of_texts = [segments(text, src.tag, translator.max_characters) for text in texts]
    passages = [
        Passage(text, segment, common_words=common_words, names=names)
        for text, segments_of_text in zip(texts, segments_of_texts, strict=True)
        for common_words, names in [(words_in_small_letters(text), names_in_sentences(text, segments_of_text))]
        for segment in segments_of_text
    ]
    units = iter(
        translate_emphasised(
            passages,
            getattr(translator, "characters", None),
            translations,
            tgt.tag,
            partial(_counted_in_texts, advance, texts),
        )
    )
    return [
        _rebuilt(text, [unit for _ in segments_of_text for unit in next(units)])
        for text, segments_of_text in zip(texts, segments_of_texts, strict=True)
    ]


def _rebuilt(text: str, translated: Sequence[Translated]) -> TextPair | SetAside:
    pieces: list[str] = []
    units: list[Unit] = []
    source_end = target_end = 0
    for start, end, translation in translated:
        if isinstance(translation, SetAside) and translation.reason == SOURCE_COPIED and _is_aside(text, start, end):
            translation = text[start:end]
        if isinstance(translation, str) and breaks_attribute(text, start, translation):
            translation = text[start:end]
        if isinstance(translation, SetAside):
            return SetAside(f"{translation.reason}: “{_shortened(text[start:end])}”", translation.again)
        target_start = target_end + (start - source_end)
        pieces += [text[source_end:start], translation]
        source_end, target_end = end, target_start + len(translation)
        units.append(Unit(start, end, target_start, target_end))
    pieces.append(text[source_end:])
    target = "".join(pieces)
    if lost := differences(text, target):
        return SetAside(lost_symbols(lost))
    if outline(text) != outline(target):
        return SetAside("the translation has other paragraphs, lines or cells than the source")
    return _if_translated(TextPair(text, target, units))


def _is_aside(text: str, start: int, end: int) -> bool:
    """Whether a sentence is too small a part of its text to cost the whole text. The scorer `overlap` sees it."""
    return end - start <= min(SHORT, SMALL_SHARE * len(text))


def _if_translated(pair: TextPair) -> TextPair | SetAside:
    """The pair, unless it has words and none of them was to be translated: all is code, or an address."""
    if pair.units or not any(map(str.isalpha, pair.source)):
        return pair
    return SetAside(f"there is nothing in it to translate: “{_shortened(pair.source.strip())}”")


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= SHOWN else f"{sentence[:SHOWN]}…"


def _text_pair(text: str, translation: str, src: Language, tgt: Language) -> TextPair | SetAside:
    """A text and its translation, whose lines are capitalised as those of the text are."""
    target = _with_margins(text, translation)
    units = paired_lines(text, target)
    assert units is not None  # otherwise `_text_fault` had returned a fault
    lines = []
    for start, end, target_start, target_end in units:
        line = text[start:end]
        written = as_written(target[target_start:target_end], line, as_sent(line, src.tag), tgt.tag)
        lines.append(Translated(start, end, written))
    return _rebuilt(text, lines)


def _text_fault(checks: Checks, text: str, translated: str) -> str | None:
    """The fault of the translation of a whole text; None if there is no fault."""
    target = _with_margins(text, translated)
    units = paired_lines(text, target)
    if units is None:
        return "the layout was not kept"
    if outline(text) != outline(target):
        return "the layout was not kept"
    if lost := differences(text, target):
        return lost_symbols(lost)
    faults = (checks.fault(source, translation) for source, translation in plain(TextPair(text, target, units)))
    return next(filter(None, faults), None)


def _with_margins(text: str, translation: str) -> str:
    """A translation with the white space at the start and end of the text."""
    body = text.strip()
    start = text.find(body)
    return text[:start] + translation.strip() + text[start + len(body) :]
