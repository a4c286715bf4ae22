"""Capitals and small letters as each language writes them, and as a translator reads them best."""

import functools
import re
from collections.abc import Collection
from typing import Literal, NamedTuple

from sdrrl_data.text.abbreviations import abbreviations_of

_DOTTED_I = ("az", "crh", "tr", "tt")  # i and İ, ı and I
_UNICASE = ("ka",)  # Georgian has capitals in Unicode, and writes without them
_CAPITAL_NOUNS = ("de", "lb")
_WIDE_MARKS = ("ja", "yue", "zh")
_TONOS = str.maketrans("άέήίόύώΐΰΆΈΉΊΌΎΏ", "αεηιουωϊϋΑΕΗΙΟΥΩ")  # Greek capitals have none

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_END_MARK = re.compile(r"[.!?:;,…。！？؟।)\]}\"”’»*_~|]\s*\Z")
_QUESTION_MARK = re.compile(r"\s*[?？؟;;]\s*\Z")
_OPENING = " \"'“‘«„¿¡([{*_「『"
_QUESTIONS = {
    "en": r"(?:(?:what|who|whom|whose|which|why|where|when|how)(?:'s|’s|s| \S+| \S+ \S+| \S+ \S+ \S+)?"
    r" (?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|am|must)"
    r"|(?:what|who|where|how|why|when)(?:'s|’s|s)"
    r"|(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|am|must)"
    r" (?:i|you|we|they|he|she|it|there|the|a|an|this|that|these|those|my|your|our|his|her|their|any|all|some)"
    r"|who (?:invented|wrote|won|made|discovered|painted|founded|directed|killed|built|created|owns|sang|played))\b",
    "de": r"(?:was|wer|wen|wem|wie|wo|woher|wohin|wann|warum|wieso|weshalb|welche[rsmn]?) ",
    "es": r"(?:qué|quién|quiénes|cómo|dónde|cuándo|cuánto|cuántos|cuántas|cuál|cuáles|por qué) ",
    "fr": r"(?:qui est|que|qu'est-ce|qu’est-ce|comment|où|quand|pourquoi|combien|quels?|quelles?|est-ce) ",
    "it": r"(?:chi|cosa|che cosa|come|dove|quando|perché|quanto|quanti|quale|quali) ",
    "pt": r"(?:o que|que|quem|como|onde|quando|por que|quanto|quantos|quantas|qual|quais) ",
}
NAME_OF_DAYS = re.compile(  # English writes them with a capital everywhere
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Christmas|Easter"
)
POSSESSIVE = re.compile(r"['’]s?\Z")
SHORTEST_STEM = 4  # letters
LONGEST_ENDING = 3
SHORTEST_WORD = 7  # letters of a single word in capitals that is hardly an acronym

Kind = Literal["plain", "capitals", "question"]


class Sent(NamedTuple):
    """A sentence as it is sent to a translator, and why it differs from the one that was written."""

    text: str
    kind: Kind


def upper(text: str, language: str) -> str:
    """The text in capitals, as a language (a BCP 47 tag) writes them."""
    code = _code(language)
    if code in _UNICASE:
        return text
    if code in _DOTTED_I:
        text = text.replace("i", "İ")
    if code == "el":
        text = text.translate(_TONOS)
    return text.upper()


def lower(text: str, language: str) -> str:
    """The text in small letters, as a language (a BCP 47 tag) writes them."""
    if _code(language) in _DOTTED_I:
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower().replace("i\u0307", "i")


def capitalised(text: str, language: str) -> str:
    """The text with a capital as its first letter, if the script has capitals."""
    code = _code(language)
    if code in _UNICASE:
        return text
    if code == "nl" and text.startswith("ij"):
        return f"IJ{text[2:]}"
    first = "İ" if code in _DOTTED_I and text[:1] == "i" else text[:1].title()
    return first + text[1:]


def uncapitalised(text: str, language: str) -> str:
    """The text with a small letter as its first one; but German nouns, acronyms and the English “I” stay."""
    code = _code(language)
    word = WORD.match(text)
    if not word or is_in_capitals(word[0]) or is_mixed(word[0]):
        return text
    if code in _CAPITAL_NOUNS and word[0] not in abbreviations_of("de").first_words:
        return text
    if code == "en" and (word[0] == "I" or word[0].startswith(("I'", "I’"))):
        return text
    if code == "nl" and text.startswith("IJ"):
        return f"ij{text[2:]}"
    return lower(text[:1], language) + text[1:]


def with_initial_of(original: str, text: str, language: str) -> str:
    """A text in a language with a first letter as big as that of the original, if both have capitals."""
    if is_in_capitals(text) or original[:1].lower() == original[:1].upper():
        return text
    return capitalised(text, language) if original[0].isupper() else uncapitalised(text, language)


def is_in_capitals(text: str) -> bool:
    """Whether a text of two or more characters has no small letter, and at least one capital."""
    return len(text) > 1 and text.isupper()


def may_be_small(word: str) -> bool:
    """Whether an English word may be written in small letters: no acronym, day or month, and not "I"."""
    is_letter = (len(word) == 1 and word != "A") or word.startswith(("I'", "I’"))
    return not (is_letter or NAME_OF_DAYS.fullmatch(word) or is_in_capitals(word) or is_mixed(word))


def with_small_initial(sentence: str, names: Collection[str]) -> str | None:
    """An English sentence without the capital of its first word; None if it has none, or it may be that of a name.

    Args:
        sentence: or a heading, or a label.
        names: words that keep their capital.
    """
    word = WORD.match(sentence)
    if not word or not word[0][0].isupper() or POSSESSIVE.sub("", word[0]) in names or not may_be_small(word[0]):
        return None
    return sentence[0].lower() + sentence[1:]


def as_sent(sentence: str, language: str) -> Sent:
    """A sentence as a translator reads it best: CAPITALS in sentence case, a question with its capital and its mark."""
    if _shouts(sentence, language):
        return Sent(_in_sentence_case(sentence, language), "capitals")
    if _is_question(sentence, language):
        return Sent(f"{capitalised(sentence, language)}?", "question")
    return Sent(sentence, "plain")


def without_title_case(heading: str, language: str) -> str | None:
    """An English heading in Title Case as it is in sentence case; None if it is something else.

    A name looks the same, see `better_of`.
    """
    if _code(language) != "en" or re.search(r"[.?!]\s*\Z", heading) or "," in heading:
        return None
    words = [word for word in WORD.finditer(heading) if not _has_digit(word[0])]
    capitals = [word for word in words if word[0][0].isupper() and word[0][1:].islower()]
    if len(capitals) < 2 or any(word[0].islower() and len(word[0]) > 4 for word in words):
        return None
    text = heading
    for word in capitals:
        if word.start() != words[0].start() and not NAME_OF_DAYS.fullmatch(word[0]):
            text = text[: word.start()] + word[0].lower() + text[word.end() :]
    return text


def words_in_small_letters(text: str) -> frozenset[str]:
    """The words of a text that it writes without a capital somewhere."""
    return frozenset(word for word in WORD.findall(text) if word.islower())


def better_of(heading: str, as_it_is: str, in_sentence_case: str, common_words: Collection[str] = ()) -> str:
    """Which of two translations of a heading in Title Case to take, by the second of `without_title_case`.

    Small models translate a heading better in sentence case, but take a name for words: "Bill Gates" for "portões da
    conta". So where a word of the heading comes back unchanged in either, or both translations have the same words, it
    may be a name, and stays as it is. A word that the text around it writes in small letters, with whatever ending, is
    no name. Capitals that stand for themselves in the first translation are taken over.

    Args:
        heading: as it was written.
        as_it_is: the translation of the heading.
        in_sentence_case: the translation of what `without_title_case` returned.
        common_words: in small letters, from the text that the heading stands in.
    """
    if as_it_is.casefold() == in_sentence_case.casefold():
        return as_it_is
    written_words = (POSSESSIVE.sub("", word[0]) for word in WORD.finditer(heading))
    names = [word for word in written_words if word[0].isupper() and not is_in_capitals(word)]
    words = {word[0].casefold() for text in (as_it_is, in_sentence_case) for word in WORD.finditer(text)}
    if any(len(name) > 2 and name.casefold() in words and not is_common(name, common_words) for name in names):
        return as_it_is
    written = [word[0] for word in WORD.finditer(as_it_is)][1:]
    if not any(word[0].islower() and len(word) > 3 for word in written):
        return in_sentence_case
    capitals = {word.casefold(): word for word in written if word[0].isupper()}
    return WORD.sub(lambda word: capitals.get(word[0].casefold(), word[0]), in_sentence_case)


def as_written(translation: str, sentence: str, sent: Sent, language: str) -> str:
    """The translation of a sentence, with capitals and end mark as the sentence has them.

    Args:
        translation: of what was sent.
        sentence: as it was written.
        sent: what was sent instead.
        language: of the translation, as a BCP 47 tag.
    """
    if sentence.rstrip().endswith((":", "：")) and not _END_MARK.search(translation.rstrip(")]}")):
        translation += "：" if _code(language) in _WIDE_MARKS else ":"
    if sent.kind == "capitals":
        kept = {word[0] for word in WORD.finditer(sentence) if is_mixed(word[0])}
        return WORD.sub(lambda word: word[0] if word[0] in kept else upper(word[0], language), translation)
    if sent.kind == "question":
        translation = _QUESTION_MARK.sub("", translation).removeprefix("¿")
    source_word, word = WORD.search(sentence), WORD.search(translation)
    if not source_word or not word or _has_digit(source_word[0]) or _has_digit(word[0]):
        return translation  # it begins with a marker or a number
    start = word.start()
    if word[0][0].isupper() == source_word[0][0].isupper() or translation[:start].strip(_OPENING):
        return translation
    if word[0].casefold() == source_word[0].casefold():
        return translation[:start] + source_word[0] + translation[word.end() :]
    if is_mixed(word[0]) or is_mixed(source_word[0]):
        return translation
    if word[0][0].isupper() and _may_be_name(word[0], sentence, sent, language):
        return translation
    return translation[:start] + with_initial_of(source_word[0], translation[start:], language)


def is_common(word: str, common_words: Collection[str]) -> bool:
    """Whether a text writes an English word in small letters, or one with the same stem: "Dents" and "dented"."""
    small = word.casefold()
    stem = small[: max(SHORTEST_STEM, len(small) - LONGEST_ENDING)]
    return small in common_words or any(
        common.startswith(stem) and len(common) <= len(stem) + LONGEST_ENDING for common in common_words
    )


def _may_be_name(word: str, sentence: str, sent: Sent, language: str) -> bool:
    """Whether a translation's first word may have its capital for another reason than that it is the first one."""
    first_words = abbreviations_of(language).first_words
    is_in_source = word.casefold() in {source_word[0].casefold() for source_word in WORD.finditer(sentence)}
    return is_in_source or (sent.kind == "plain" and bool(first_words) and word not in first_words)


def _shouts(sentence: str, language: str) -> bool:
    """Whether a sentence is in capitals, apart from names such as “iPhone”."""
    words = [word[0] for word in WORD.finditer(sentence) if not _has_digit(word[0]) and not is_mixed(word[0])]
    long_words = [word for word in words if len(word) > 1]
    if not all(word.isupper() and upper(lower(word, language), language) == word for word in words):
        return False
    return len(long_words) > max(1, len(words) - len(long_words)) or (
        len(words) == 1 and len(words[0]) >= SHORTEST_WORD
    )


def _in_sentence_case(sentence: str, language: str) -> str:
    def small(word: re.Match[str]) -> str:
        if _has_digit(word[0]) or is_mixed(word[0]) or _is_acronym(word[0]):
            return word[0]
        if _code(language) == "en" and re.fullmatch(r"I(?:['’]\w+)?", word[0]):
            return "I" + word[0][1:].lower()
        return lower(word[0], language)

    small_letters = WORD.sub(small, sentence)
    first = next((word for word in WORD.finditer(small_letters) if not _has_digit(word[0])), None)
    start = first.start() if first else 0
    return small_letters[:start] + capitalised(small_letters[start:], language)


def _is_question(sentence: str, language: str) -> bool:
    """Whether a sentence is a question without its mark; and not “how to cook rice”."""
    pattern = _question(_code(language))
    if pattern is None or _END_MARK.search(sentence) or "\n" in sentence or sentence.count(" ") < 2:
        return False
    return bool(pattern.match(sentence)) and not _is_in_title_case(sentence)


def _is_in_title_case(sentence: str) -> bool:
    words = [word[0] for word in WORD.finditer(sentence) if len(word[0]) > 3]
    return len(words) > 1 and all(word[0].isupper() for word in words)


@functools.cache
def _question(code: str) -> re.Pattern[str] | None:
    return re.compile(_QUESTIONS[code], re.IGNORECASE) if code in _QUESTIONS else None


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def is_mixed(word: str) -> bool:
    """Whether a word has capitals and small letters otherwise than at its start: “iPhone”, “McDonald”."""
    rest = word[2:] if word.startswith("IJ") else word[1:]  # Dutch “IJs” has one capital
    return rest.lower() != rest and word.upper() != word


def _is_acronym(word: str) -> bool:
    """Whether a word in capitals cannot be read: “HTML”."""
    return word.isascii() and len(word) > 1 and not re.search("[AEIOUY]", word)


def _code(language: str) -> str:
    return language.split("-")[0]
