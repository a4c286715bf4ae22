"""What a small translator reads wrong because of a capital is sent again in small letters: labels, and first words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from sdrrl_data.protocols import SetAside
from sdrrl_data.text.capitals import with_initial_of, with_small_initial
from sdrrl_data.text.labels import (
    Label,
    better_label,
    in_small_letters,
    keeps_more_words,
    keeps_words,
    list_of_label,
    listed,
    may_be_label,
    with_capitals,
)
from sdrrl_data.text.lost_symbols import differences
from sdrrl_data.translation.passage import Passage
from sdrrl_data.translation.retries import SentenceTranslations

# The translator's confidence in a label's translation, from 0 to 1: below which the label is asked again, that the
# second translation has at least, and by how much this is more than that in the first one.
UNSURE, SURE, SURER = 0.75, 0.7, 0.1
# Of the 8 labels in 404 that were less sure than this in small letters, 6 were made up: "De s" for "Indiana".
MADE_UP = 0.4


def without_copies(
    passages: Sequence[Passage],
    sent: Mapping[int, str],
    translated: Mapping[int, str | SetAside],
    translations: SentenceTranslations,
) -> dict[int, str | SetAside]:
    """Better translations of labels of which a translator left words as they are, by the numbers of the passages."""
    if not translations.asks_in_small_letters():
        return {}
    labels = {number: label for number, label in _labels(passages, sent, translated).items() if keeps_words(label)}
    asked = {number: in_small_letters(label) for number, label in labels.items()}
    again, better = _asked(asked, translations)
    confidences = translations.confidences({number: (asked[number], text) for number, text in again.items()})
    for number, text in again.items():
        translation = better_label(labels[number], text, translations.tgt)
        is_made_up = confidences.get(number, 1) < MADE_UP
        if translation and not is_made_up and not differences(labels[number].text, translation):
            better[number] = translation
    return better


def surer_labels(
    passages: Sequence[Passage],
    sent: Mapping[int, str],
    translated: Mapping[int, str | SetAside],
    translations: SentenceTranslations,
) -> dict[int, str | SetAside]:
    """Translations of labels in small letters of which the translator is surer, by the numbers of the passages.

    Firefox's model wrote "Baía deixa" for "Bay Leaves" and "folhas de baía" for "bay leaves". Of 100 changed labels of
    real answers that were read, 40 are better, 10 worse (most begin with a verb), and the others as good.
    """
    if not translations.asks_in_small_letters():
        return {}
    labels = _labels(passages, sent, translated)
    small = {number: text for number, label in labels.items() if (text := in_small_letters(label)) != label.text}
    confidences = translations.confidences({number: labels[number][:2] for number in small})
    asked = {number: small[number] for number, confidence in confidences.items() if confidence < UNSURE}
    again, better = _asked(asked, translations)
    second = translations.confidences({number: (asked[number], text) for number, text in again.items()})
    for number, text in again.items():
        translation = with_capitals(labels[number], text, translations.tgt)
        is_surer = second.get(number, 0) >= max(SURE, confidences[number] + SURER)
        if is_surer and _is_as_good(labels[number], translation, translations):
            better[number] = translation
    return better


def _is_as_good(label: Label, translation: str, translations: SentenceTranslations) -> bool:
    """Whether another translation of a label leaves and invents no more words, and loses no symbol."""
    if keeps_more_words(label, translation) or differences(label.text, translation):
        return False
    invented = translations.invented(label.text, label.translation)
    return len(translations.invented(label.text, translation)) <= len(invented)


def without_odd_words(
    passages: Sequence[Passage],
    sent: Mapping[int, str],
    translated: Mapping[int, str | SetAside],
    translations: SentenceTranslations,
) -> dict[int, str | SetAside]:
    """Better translations of sentences of which words were invented, or the first word stayed, by their numbers.

    A small model spells a rare word with a capital letter by letter, or takes it for a name: "Turkeys" became
    "Turquias", "Radishes" stayed, and "turkeys" became "perus". Of 163 sentences with invented words, 84 have none
    without their first capital; of 130 whose first word stayed, 41 are right so.
    """
    lists = translations.word_lists
    if lists is None:
        return {}
    words_of_source = cache(lists.words_of_source)

    def odd_words(number: int, translation: str) -> tuple[int, int]:
        invented = lists.invented(translation, words_of_source(passages[number].text))
        first_left = lists.first_left(sent[number], translation, passages[number].names)
        return len(invented), int(first_left is not None)

    first = {number: result for number, result in translated.items() if isinstance(result, str)}
    odd = {number: counts for number, translation in first.items() if any(counts := odd_words(number, translation))}
    small = {number: with_small_initial(sent[number], passages[number].names) for number in odd}
    asked = {number: text for number, text in small.items() if text}
    again, better = _asked(asked, translations)
    # A word that stayed may be a name, and then the second translation is made up.
    doubted = {number: (asked[number], text) for number, text in again.items() if not odd[number][0]}
    made_up = {number for number, sure in translations.confidences(doubted).items() if sure < SURE}
    for number, text in again.items():
        translation = with_initial_of(sent[number], text, translations.tgt)
        kept = words_of_source(passages[number].text)
        left_first, left_again = (len(lists.left(text, kept)) for text in (first[number], translation))
        less_odd = sum(odd_words(number, translation)) < sum(odd[number]) and left_again <= left_first
        if less_odd and number not in made_up:
            better[number] = translation
    return better


def _asked(
    asked: Mapping[int, str], translations: SentenceTranslations
) -> tuple[dict[int, str], dict[int, str | SetAside]]:
    """The translations of these sentences, and servers' failures at them, which a later run asks for again."""
    translations.translate(asked.values())
    results = {number: translations[text] for number, text in asked.items()}
    failed = {number: result for number, result in results.items() if isinstance(result, SetAside) and result.again}
    return {number: result for number, result in results.items() if isinstance(result, str)}, {**failed}


def _labels(
    passages: Sequence[Passage], sent: Mapping[int, str], translated: Mapping[int, str | SetAside]
) -> dict[int, Label]:
    """The labels that were translated, by the numbers of their passages."""
    of_texts = defaultdict[str, dict[int, tuple[str, str, str]]](dict)  # a text may come twice
    labels = {}
    for number, translation in translated.items():
        text, segment, _, common_words, names = passages[number]
        if not isinstance(translation, str) or not may_be_label(text, segment):
            continue
        labels[number] = Label(sent[number], translation, None, common_words, names)
        if (marks := list_of_label(text, segment)) is not None:
            of_texts[text][segment.start] = marks, sent[number], translation
    others = {
        (text, start): counts
        for text, of_text in of_texts.items()
        for start, counts in zip(of_text, listed(list(of_text.values())), strict=True)
    }
    return {
        number: label._replace(listed=others.get((passages[number].text, passages[number].segment.start)))
        for number, label in labels.items()
    }
