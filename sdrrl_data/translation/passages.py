"""Translates the segments of texts, with markers for protected spans and for symbols that would be lost."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from sdrrl_data.protocols import Advance, SetAside
from sdrrl_data.text.capitals import better_of
from sdrrl_data.text.carried import carrying, cut_at_separators, has_letters, has_prose
from sdrrl_data.text.lost_symbols import differences
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import Segment, unprotected_pieces
from sdrrl_data.translation import small_letters
from sdrrl_data.translation.passage import Passage
from sdrrl_data.translation.retries import SentenceTranslations

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
SHOWN = 3  # symbols that a reason names


class Translated(NamedTuple):
    """The translation of a stretch of a text (in characters, end excluded)."""

    start: int
    end: int
    translation: str | SetAside


class Lost(NamedTuple):
    """The translation cannot be used: it lost protected spans or symbols."""

    reason: str


Result = Translated | Lost | None  # None: there is nothing to translate


def translate_passages(
    passages: Sequence[Passage],
    characters: frozenset[str] | None,
    translations: SentenceTranslations,
    counted: Callable[[Collection[str]], Advance],
) -> list[list[Translated]]:
    """Translate passages; each becomes one unit, or several where it has to be cut, or none if it is all symbols.

    Args:
        passages: to translate.
        characters: that the translator has; None if they are not known.
        translations: of sentences.
        counted: gets the sentences that are sent, and returns what is called with the number of those finished.
    """
    results = _translated(passages, characters, translations, counted)
    pieces = {number: _pieces(passages[number]) for number, result in enumerate(results) if isinstance(result, Lost)}
    piece_results = iter(
        _translated([piece for cut in pieces.values() for piece in cut], characters, translations, uncounted)
    )
    units = []
    for number, (passage, result) in enumerate(zip(passages, results, strict=True)):
        if isinstance(result, Lost):
            parts = [_final(piece, next(piece_results)) for piece in pieces[number]]
            units.append([unit for part in parts or [_final(passage, result)] for unit in part])
        else:
            units.append(_final(passage, result))
    return units


def translate_whole(
    passages: Sequence[Passage], characters: frozenset[str] | None, translations: SentenceTranslations
) -> list[str | SetAside | None]:
    """Translate passages as they are; None where that goes wrong, or where there is nothing to translate."""
    return [
        text_of(passage.text, passage.segment[:2], [result]) if isinstance(result, Translated) else None
        for passage, result in zip(passages, _translated(passages, characters, translations, uncounted), strict=True)
    ]


def text_of(text: str, stretch: tuple[int, int], translated: Iterable[Translated]) -> str | SetAside:
    """A stretch of a text with these parts of it translated; set aside with the first part that is."""
    position, stop = stretch
    pieces: list[str] = []
    for start, end, translation in translated:
        if isinstance(translation, SetAside):
            return translation
        pieces += [text[position:start], translation]
        position = end
    return "".join([*pieces, text[position:stop]])


def uncounted(sentences: Collection[str]) -> Advance:
    """For sentences that are sent besides those that count."""
    return lambda _: None


def _translated(
    passages: Sequence[Passage],
    characters: frozenset[str] | None,
    translations: SentenceTranslations,
    counted: Callable[[Collection[str]], Advance],
) -> list[Result]:
    """Each passage, translated; where that goes wrong, once more with a marker for each of its symbols."""

    def attempt(numbers: Sequence[int], every_symbol: bool, counted: Callable[[Collection[str]], Advance]) -> None:
        segments = {number: carrying(*passages[number][:2], characters, every_symbol) for number in numbers}
        sent = {
            number: marked(passages[number].text, segment, characters)
            for number, segment in segments.items()
            if segment and has_prose(passages[number].text, segment)
        }
        headings = {number: heading for number in sent if (heading := translations.sentence_case(sent[number]))}
        asked = [*sent.values(), *headings.values()]
        translations.translate(asked, counted(asked))
        translated = {number: translations[sentence] for number, sentence in sent.items()}
        for number, heading in headings.items():
            in_sentence_case, common_words = translations[heading], passages[number].common_words
            translated[number] = _better(sent[number], translated[number], in_sentence_case, common_words)
        translated |= small_letters.without_copies(passages, sent, translated, translations)
        translated |= small_letters.surer_labels(passages, sent, translated, translations)
        translated |= small_letters.without_odd_words(passages, sent, translated, translations)
        for number, segment in segments.items():
            result = _result(passages[number], segment, translated.get(number), characters)
            if not every_symbol or not _failed(result):
                results[number] = result

    results: dict[int, Result] = {}
    attempt(range(len(passages)), False, counted)
    attempt([number for number, result in results.items() if _failed(result)], True, uncounted)
    return [results[number] for number in range(len(passages))]


def _better(
    heading: str, as_it_is: str | SetAside, in_sentence_case: str | SetAside, common_words: frozenset[str]
) -> str | SetAside:
    """The better translation of a heading in Title Case; a server's failure, which says nothing of either, first."""
    failures = [result for result in (as_it_is, in_sentence_case) if isinstance(result, SetAside)]
    for failure in failures:
        if failure.again:
            return failure
    if isinstance(as_it_is, SetAside):
        return in_sentence_case
    if isinstance(in_sentence_case, SetAside):
        return as_it_is
    return better_of(heading, as_it_is, in_sentence_case, common_words)


def _failed(result: Result) -> bool:
    """Whether another try may help. If a server failed, a later run asks for the same again."""
    if result is None or isinstance(result, Lost):
        return result is not None
    return isinstance(result.translation, SetAside) and not result.translation.again


def _result(
    passage: Passage,
    segment: Segment | None,
    translation: str | SetAside | None,
    characters: frozenset[str] | None,
) -> Result:
    text = passage.text
    if segment is None:
        return Lost("a symbol without a space beside it is lost")
    if translation is None:
        start, end, _ = passage.segment
        return Translated(start, end, text[start:end]) if has_letters(text, segment) else None
    if isinstance(translation, str):
        with_spans = restored(_line(translation), text, segment, passage.slots, characters)
        if with_spans is None:
            return Lost("a placeholder for what must not be changed is lost")
        if lost := differences(text[segment.start : segment.end], with_spans):
            return Lost(lost_symbols(lost))
        translation = with_spans
    return Translated(segment.start, segment.end, translation)


def _line(translation: str) -> str:
    """The translation of a sentence in one line, since a line break would break the layout."""
    return _LINE_BREAK.sub(" ", translation.strip())


def lost_symbols(symbols: Sequence[str]) -> str:
    """The reason why a text with other symbols than its source is set aside."""
    return f"it does not have the same symbols as the source ({' '.join(symbols[:SHOWN])})"


def _pieces(passage: Passage) -> list[Passage]:
    """The pieces of a passage around its protected spans, emoji and arrows; none if there are no such."""
    text, segment, *_ = passage
    spans = unprotected_pieces(text, cut_at_separators(text, segment))
    # Emphasis is not a place to cut: there, the only piece is the whole passage, with the marks of the emphasis.
    return (
        [passage._replace(segment=Segment(*span), slots=()) for span in spans]
        if segment.spans or spans != [segment[:2]]
        else []
    )


def _final(passage: Passage, result: Result) -> list[Translated]:
    if isinstance(result, Lost):
        return [Translated(passage.segment.start, passage.segment.end, SetAside(result.reason))]
    return [] if result is None else [result]
