"""Short labels and headings of which a translator leaves words as they are, because it takes them for names.

Small models read "Brisk Walking:" as a name, and "brisk walking:" as words. The text shows what is no name: it writes
the word in small letters, or the other labels of the same list are words that were translated.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from sdrrl_data.text.capitals import (
    LONGEST_ENDING,
    POSSESSIVE,
    WORD,
    is_common,
    may_be_small,
    with_initial_of,
)
from sdrrl_data.text.segments import Segment

LONGEST_LABEL = 10  # words
SHORTEST_WORD = 3  # letters
_NO_LABEL = re.compile(r"[.?!\"“”«»]|,\s*\Z")  # a sentence, a title in quotes, a line of a poem
_AFTER_LABEL = re.compile(r"[*_~\s]*(?::|：|[^\w|]*(?:[|\n]|\Z))")
_NUMBER = re.compile(r"\d+")
_COLON = re.compile("[:：]")
_AND = re.compile(r"(?<=\s)&(?=\s)")


class Label(NamedTuple):
    """A label, its translation, and what its text says of it."""

    text: str
    translation: str
    listed: tuple[int, int] | None  # the other labels of its list, and those of them that keep no word
    common_words: frozenset[str] = frozenset()  # that its text writes in small letters
    names: frozenset[str] = frozenset()  # see `names_in_sentences`


def may_be_label(text: str, segment: Segment) -> bool:
    """Whether a segment has few words and is no sentence."""
    return not segment.spans and _is_short(text[segment.start : segment.end])


def list_of_label(text: str, segment: Segment) -> str | None:
    """The marks before a label, which are the same before all labels of its list; None if it is not alone in its line.

    A label that ends with a colon is alone, whatever comes after it.
    """
    label = text[segment.start : segment.end]
    start = max(text.rfind("\n", 0, segment.start), text.rfind("|", 0, segment.start)) + 1
    marks = text[start : segment.start]
    if any(map(str.isalpha, marks)) or not (label.endswith((":", "：")) or _AFTER_LABEL.match(text, segment.end)):
        return None
    return _NUMBER.sub("0", marks)


def names_in_sentences(text: str, segments: Sequence[Segment]) -> frozenset[str]:
    """The words that the sentences of a text write with a capital that is not the first one."""
    sentences = [text[segment.start : segment.end] for segment in segments]
    words = [word for sentence in sentences if not _is_short(sentence) for word in _words(sentence)[1:]]
    return frozenset(word for word in words if word[0].isupper())


def listed(labels: Sequence[tuple[str, str, str]]) -> list[tuple[int, int]]:
    """For each label of a text, the number of the other labels of its list, and of those that keep no word.

    Args:
        labels: the list that each belongs to, the label, and its translation.
    """
    lists = defaultdict[str, list[bool]](list)
    translated = [not kept_words(label, translation) for _, label, translation in labels]
    for (marks, _, _), is_translated in zip(labels, translated, strict=True):
        lists[marks].append(is_translated)
    return [
        (len(lists[marks]) - 1, sum(lists[marks]) - is_translated)
        for (marks, _, _), is_translated in zip(labels, translated, strict=True)
    ]


def kept_words(label: str, translation: str) -> list[str]:
    """The words with a capital that a translation has as its label has them."""
    translated = _words(translation)
    return [word for word in _words(label) if word in translated and _may_be_name(word)]


def without_made_up_end(label: str, translation: str) -> str:
    """The translation of a label that ends with a colon, up to its own colon: what comes after that is made up.

    Firefox's model goes on after a single word: "Pros:" became "Prós: A localização do". A translation with fewer words
    before its colon than the label has stays as it is, and so does that of any other text.
    """
    if not _COLON.search(label.rstrip()[-1:]) or len(_COLON.findall(label)) > 1 or not _is_short(label):
        return translation
    colon = _COLON.search(translation)
    if not colon or len(_words(translation[: colon.start()])) < len(_words(label)):
        return translation
    return translation[: colon.end()]


def keeps_words(label: Label) -> bool:
    """Whether the translation of a label keeps a word that is no name."""
    kept = kept_words(label.text, label.translation)
    return any(not _may_be_named(word, label, len(kept)) for word in kept)


def in_small_letters(label: Label) -> str:
    """An English label as its words are read as words: in small letters, but for names, acronyms, days and months."""

    def small(word: re.Match[str]) -> str:
        is_name = POSSESSIVE.sub("", word[0]) in label.names
        return word[0] if is_name or not may_be_small(word[0]) else word[0].lower()

    return _AND.sub("and", WORD.sub(small, label.text))


def better_label(label: Label, translation: str, language: str) -> str | None:
    """The translation of the label in small letters, if it is better: it translates words that are no names.

    Args:
        label: with its first translation.
        translation: of what `in_small_letters` returned.
        language: of the translation, as a BCP 47 tag.

    Returns:
        The translation with the capitals of words that stay; None if it is not better, or words of it may be names.
    """
    if label.text[:1].isalpha() and not translation[:1].isalpha():
        return None  # "Whisk" was seen to become "(o"
    words = {word.casefold() for word in _words(translation)}
    kept = kept_words(label.text, label.translation)
    translated = {word for word in kept if word.casefold() not in words}
    if _is_same_verb(label.text, translation):
        translated.discard(_words(label.text)[0])
    left = {word.casefold() for word in _words(label.text)} & words
    if not translated or left - {word.casefold() for word in _words(label.translation)}:
        return None
    if any(_is_misspelt(word, words) for word in translated):
        return None
    if _cuts_name(label.text, translated, set(kept) - translated - label.names):
        return None
    if any(_may_be_named(word, label, len(kept)) for word in translated):
        return None
    return with_capitals(label, translation, language)


def keeps_more_words(label: Label, translation: str) -> bool:
    """Whether a translation of a label has words of the label that its first translation does not have."""
    first, second = ({word.casefold() for word in _words(text)} for text in (label.translation, translation))
    return any(word.casefold() in second - first for word in _words(label.text))


def with_capitals(label: Label, translation: str, language: str) -> str:
    """The translation of a label in small letters, with the capitals of words that stay, and of the first one.

    Args:
        label: with its first translation.
        translation: of what `in_small_letters` returned.
        language: of the translation, as a BCP 47 tag.
    """
    stay = {word for word in _words(label.translation) if len(word) > 1}  # "De" in "Robert De Niro"
    names = (word for word in _words(label.text) if _may_be_name(word) or (word[0].isupper() and word in stay))
    capitals = {word.casefold(): word for word in names}
    return _with_initial_of(label.text, WORD.sub(lambda word: capitals.get(word[0], word[0]), translation), language)


def _with_initial_of(label: str, translation: str, language: str) -> str:
    first, second = WORD.search(label), WORD.search(translation)
    if not first or not second:
        return translation
    return translation[: second.start()] + with_initial_of(
        label[first.start() :], translation[second.start() :], language
    )


def _may_be_named(word: str, label: Label, kept: int) -> bool:
    """Whether a word that was kept may be a name, by what the text and the list of its label show."""
    if word in label.names:
        return True
    if is_common(word, label.common_words):
        return False
    if label.listed is None:
        return True
    others, translated = label.listed
    if others > 1:
        return 2 * translated < others
    return kept == sum(map(_may_be_name, _words(label.text)))  # nothing of the label was translated


def _cuts_name(label: str, translated: Collection[str], kept: Collection[str]) -> bool:
    """Whether a word that is translated stands beside one that is kept: "duque Ellington"."""
    return any(
        label[first.end() : second.start()].isspace()
        and ((first[0] in translated and second[0] in kept) or (first[0] in kept and second[0] in translated))
        for first, second in pairwise(WORD.finditer(label))
    )


def _is_misspelt(word: str, words: Collection[str]) -> bool:
    """Whether one of the words is the English word with another spelling: "guarnish"."""
    ending = word.casefold()[-LONGEST_ENDING - 2 :]
    return any(other.endswith(ending) for other in words)


def _is_same_verb(label: str, translation: str) -> bool:
    """Whether both begin with the same stem: "Use" and "Usar"; the first translation, "Use", is right then."""
    first, second = _words(label)[:1], _words(translation)[:1]
    return bool(first and second) and second[0].casefold().startswith(first[0].casefold()[:-1])


def _is_short(text: str) -> bool:
    return not _NO_LABEL.search(text) and len(_words(text)) <= LONGEST_LABEL


def _may_be_name(word: str) -> bool:
    return len(word) >= SHORTEST_WORD and word[0].isupper() and may_be_small(word)


def _words(text: str) -> list[str]:
    return [POSSESSIVE.sub("", word[0]) for word in WORD.finditer(text)]
