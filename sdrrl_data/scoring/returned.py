"""What of a source sentence returns when its translation is translated back."""

from collections.abc import Sequence
from itertools import groupby

from sdrrl_data.languages import Language
from sdrrl_data.scoring.tokens import tokens
from sdrrl_data.text import negations
from sdrrl_data.text.function_words import is_function_word

MIN_STEM = 4  # letters that two forms of a word share at their beginning
MIN_SHARED = 0.6  # of the longer form
MIN_NAME = 3  # letters


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


def replaced_names(source: str, target: str, back: str, src: Language, tgt: Language) -> int:
    """How many names of a sentence are gone, with another word in their place.

    A name is a word with a capital letter within the sentence. It is gone if neither translation has it. What a
    translator does not know, it copies: so a word that both translations have, but not the source, stands in its place.
    """
    source_words, target_words, back_words = tokens(source, src), tokens(target, tgt), tokens(back, src)
    folded = {word.casefold() for word in source_words}
    copied = {word.casefold() for word in target_words} & {word.casefold() for word in back_words}
    strangers = [word for word in copied - folded if len(word) >= MIN_NAME and not word.isdigit()]
    names = [
        word
        for word in source_words[1:]
        if word[0].isupper() and len(word) >= MIN_NAME and not is_function_word(word, src.tag)
    ]
    there = [*target_words, *back_words]
    gone = [name for name in names if not any(_same_word(name, word) for word in there)]
    return min(len(gone), len(strangers))


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
