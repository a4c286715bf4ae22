"""What of a source sentence returns when its translation is translated back."""

from collections.abc import Sequence
from itertools import groupby

from sdrrl_data.languages import Language
from sdrrl_data.text import negations
from sdrrl_data.text.function_words import is_function_word
from sdrrl_data.text.tokens import tokens

MIN_STEM = 4  # letters that two forms of a word share at their beginning
MIN_SHARED = 0.6  # of the longer form
MIN_COPIED = 3  # letters of a name, or of a word that is copied


def lost_in_a_row(source: str, back: str, language: Language) -> int:
    """The longest run of content words of a sentence of which no form is in its translation back."""
    returned = _content_words(back, language)
    lost = [not any(_same_word(word, other) for other in returned) for word in _content_words(source, language)]
    return max((sum(1 for _ in run) for is_lost, run in groupby(lost) if is_lost), default=0)


def lost_negations(source: str, back: str, language: Language) -> int | None:
    """How many negations of a sentence do not return; None if the language has no list of them."""
    if not negations.has_list(language.tag):
        return None
    return max(0, negations.count(source, language.tag) - negations.count(back, language.tag))


def copied_words(source: str, target: str, back: str, src: Language, tgt: Language) -> list[str]:
    """The words that a translation and its translation back have, but not the source, in order of the translation.

    What a translator does not know, it copies: so these are words that it invented, or words of both languages.
    """
    returned = {word.casefold() for word in tokens(back, src)}
    letters = "".join(source.casefold().split())  # also of a compound that the source writes as two words
    target_words = dict.fromkeys(word.casefold() for word in tokens(target, tgt))
    return [
        word
        for word in target_words
        if word in returned and word not in letters and len(word) >= MIN_COPIED and not word.isdigit()
    ]


def replaced_names(source: str, target: str, back: str, src: Language, tgt: Language) -> int:
    """How many names of a sentence are gone, with a copied word in their place.

    A name is a word with a capital letter within the sentence. It is gone if neither translation has it.
    """
    names = [word for word in tokens(source, src)[1:] if word[0].isupper() and len(word) >= MIN_COPIED]
    translated_words = [*tokens(target, tgt), *tokens(back, src)]
    gone = [
        name
        for name in names
        if not is_function_word(name, src.tag) and not any(_same_word(name, word) for word in translated_words)
    ]
    return min(len(gone), len(copied_words(source, target, back, src, tgt))) if gone else 0


def _content_words(text: str, language: Language) -> Sequence[str]:
    return [word for word in tokens(text, language) if not is_function_word(word, language.tag)]


def _same_word(first: str, second: str) -> bool:
    """Whether two words are forms of one, as far as their beginnings tell."""
    first, second = first.casefold(), second.casefold()
    if first == second:
        return True
    shared = next((place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    shorter, longer = sorted((len(first), len(second)))
    shared = shorter if shared is None else shared
    is_stem = shared >= MIN_STEM and shared >= MIN_SHARED * longer
    has_ending = shared >= MIN_STEM - 1 and shared >= shorter - 1 and longer <= shared + 3  # "bag", "bags"
    return is_stem or has_ending
