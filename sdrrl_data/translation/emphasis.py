"""Translates sentences without the marks of their emphasis, and puts the marks back where the words went."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from sdrrl_data.protocols import Advance, SetAside
from sdrrl_data.text.emphasis import (
    Bare,
    Emphasis,
    Place,
    has_stand_ins,
    is_compatible,
    is_of_words,
    place_by_alignment,
    place_of_all,
    place_of_initial,
    place_of_name,
    place_of_words,
    reads_back,
    widened,
    with_marks,
    with_stand_ins,
    without_emphasis,
    without_stand_ins,
)
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.protected import protected
from sdrrl_data.translation.passage import Passage
from sdrrl_data.translation.passages import (
    Translated,
    text_of,
    translate_passages,
    translate_whole,
    uncounted,
)
from sdrrl_data.translation.retries import SentenceTranslations
from sdrrl_data.translation.slots import with_slots


def translate_emphasised(
    passages: Sequence[Passage],
    characters: frozenset[str] | None,
    translations: SentenceTranslations,
    language: str,
    counted: Callable[[Collection[str]], Advance],
) -> list[list[Translated]]:
    """Translate passages that may have slots and emphasis; each becomes units as in `translate_passages`.

    The words are those of the sentence without its emphasis: with marks in it, a small model translates it worse, and
    leaves emphasised words as they are. To find where they went, they are translated by themselves; if that is not
    found, the sentence is translated with marks, too, and both translations are aligned. A mark is left out if its
    place is not sure.

    Args:
        passages: to translate.
        characters: that the translator has; None if they are not known.
        translations: of sentences.
        language: that they are translated into, as a BCP 47 tag.
        counted: gets the sentences that are sent first, and returns what is called with the number of those finished.
    """
    translate_more = partial(
        translate_emphasised,
        characters=characters,
        translations=translations,
        language=language,
        counted=uncounted,
    )
    filled = with_slots(passages, translate_more)
    complete = [passage for passage in filled if isinstance(passage, Passage)]
    units = iter(_with_emphasis(complete, characters, translations, language, counted))
    return [
        [Translated(*passage.segment[:2], result)] if isinstance(result, SetAside) else next(units)
        for passage, result in zip(passages, filled, strict=True)
    ]


def _with_emphasis(
    passages: Sequence[Passage],
    characters: frozenset[str] | None,
    translations: SentenceTranslations,
    language: str,
    counted: Callable[[Collection[str]], Advance],
) -> list[list[Translated]]:
    bare_passages = {
        number: bare
        for number, (text, segment, *_) in enumerate(passages)
        if segment.spans and (bare := without_emphasis(text, segment)).emphases
    }
    sent = list(passages)
    for number, bare in bare_passages.items():
        sent[number] = passages[number]._replace(text=bare.text, segment=bare.segment)
    units = translate_passages(sent, characters, translations, counted)
    translate = partial(translate_whole, characters=characters, translations=translations)
    sentences: dict[int, _Sentence] = {}
    failures: dict[int, SetAside] = {}
    for number, bare in bare_passages.items():
        target = text_of(bare.text, (0, len(bare.text)), units[number])
        if isinstance(target, SetAside):
            failures[number] = target
        else:
            sentences[number] = _Sentence(bare, passages[number], target)
    failed = [number for number, failure in failures.items() if not failure.again]
    results: dict[int, str | SetAside] = dict(failures)
    for number, with_marks_sent in zip(failed, translate([passages[number] for number in failed]), strict=True):
        results[number] = with_marks_sent or failures[number]
    _find_words(list(sentences.values()), translate)
    _align(list(sentences.values()), translate, language)
    results |= {number: sentence.result() for number, sentence in sentences.items() if units[number]}
    for number, result in results.items():
        units[number] = [Translated(*passages[number].segment[:2], result)]
    return units


Translate = Callable[[Sequence[Passage]], list[str | SetAside | None]]


class _Sentence:
    """A sentence with emphasis, its translation without, and the places of the emphasis in it that are known."""

    def __init__(self, bare: Bare, passage: Passage, target: str) -> None:
        self.bare = bare
        self.slots = passage.slots
        self._common_words = passage.common_words
        self.target = target
        self._places: dict[Place, Place] = {}
        self._protected = protected(target, 0, len(target))
        self._failure: SetAside | None = None
        for emphasis in bare.emphases:
            place = emphasis.place
            if target == bare.text:
                self.put(place, place)
                continue
            for find_place in (place_of_all, place_of_initial, place_of_name):
                self.put(place, find_place(bare, place, target))

    def unplaced(self) -> list[Place]:
        """The places of emphasised words in the bare sentence whose places in the translation are not known."""
        if self._failure:
            return []
        places = [emphasis.place for emphasis in self.bare.emphases]
        return [place for place in places if place not in self._places and is_of_words(self.bare, place)]

    def put(self, source: Place, target: Place | None) -> None:
        """Note where an emphasis belongs, unless it would cross another one."""
        if target is None or source in self._places or target[0] >= target[1]:
            return
        target = widened(target, self._protected)
        if is_compatible(source, target, self._places):
            self._places[source] = target

    def fail_if_again(self, failure: SetAside) -> None:
        """Set the sentence aside if a server failed, so that a later run asks for the same."""
        if failure.again:
            self._failure = failure

    def passage(self, place: Place) -> Passage:
        """A part of the bare sentence."""
        segment = self.bare.within(place)
        slots = [span for span in self.bare.segment.spans if span.role == "slot"]
        return Passage(
            self.bare.text,
            segment,
            tuple(slot for slot, span in zip(self.slots, slots, strict=False) if span in segment.spans),
            self._common_words,
        )

    def result(self) -> str | SetAside:
        """The translation with its emphasis."""
        if self._failure:
            return self._failure
        emphases = [
            Emphasis(self._places[place], opening, closing)
            for place, opening, closing in self.bare.emphases
            if place in self._places
        ]
        is_sure = self.target == self.bare.text or reads_back(self.target, emphases)
        return with_marks(self.target, emphases) if is_sure else self.target


def _find_words(sentences: Sequence[_Sentence], translate: Translate) -> None:
    """Find the emphasised words by their translation."""
    asked = [(sentence, place) for sentence in sentences for place in sentence.unplaced()]
    passages = [sentence.passage(place) for sentence, place in asked]
    for (sentence, place), passage, words in zip(asked, passages, translate(passages), strict=True):
        if isinstance(words, SetAside):
            sentence.fail_if_again(words)
            continue
        if words is None:  # they are code, or a slot
            words = restored(marked(passage.text, passage.segment), *passage[:3])
        if words:
            sentence.put(place, place_of_words(sentence.bare, place, words, sentence.target))


def _align(sentences: Sequence[_Sentence], translate: Translate, language: str) -> None:
    """Find the emphasised words by a translation of the sentence with marks."""
    asked = [
        (sentence, places)
        for sentence in sentences
        if (places := sentence.unplaced()) and not has_stand_ins(sentence.bare.text)
    ]
    passages = [Passage(*with_stand_ins(sentence.bare, places), sentence.slots) for sentence, places in asked]
    for (sentence, places), with_places in zip(asked, translate(passages), strict=True):
        if isinstance(with_places, SetAside):
            sentence.fail_if_again(with_places)
        elif with_places:
            other, other_places = without_stand_ins(with_places)
            for place, other_place in zip(places, other_places, strict=True):
                target = place_by_alignment(sentence.bare, place, (other, other_place), sentence.target, language)
                sentence.put(place, target)
