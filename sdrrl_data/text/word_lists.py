"""Words of a translation that no list of its language has: small translators invent some.

The lists are those of wordfreq and of simplemma, packages of the extras `words` and `firefox`.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from importlib.util import find_spec
from itertools import islice

import regex

from sdrrl_data.languages import Language
from sdrrl_data.text.tokens import tokens

PACKAGES = ("wordfreq", "simplemma")
# The languages of which both lists together lack at most 0.25 % of the words that people wrote (running words of the
# Tatoeba test sets of LASER, where Portuguese lacks 0.06 and Dutch 0.18, and of FLORES-200 dev). Languages with long
# compounds or many endings lack more: Swedish 0.26, Danish 0.35, Czech 0.44, Ukrainian 0.7, Finnish 1.4.
LANGUAGES = frozenset(["de", "en", "es", "fr", "it", "mk", "nl", "pl", "pt", "ru", "vi"])
SIMPLEMMA = LANGUAGES - {"vi"}  # those that simplemma has
SHORTEST = 4  # letters of a word that tells languages apart
# A source word that a translation may keep is at least a thirtieth as frequent in the target language: of the English
# words in 1,600 translations into Portuguese, those below stayed untranslated ("soak", "driven"), those above are names
# and loanwords ("London", "browser").
RARER = 30
NOUNS_IN_CAPITALS = frozenset(["de"])  # elsewhere, a word with a capital within a sentence is a name
_CAPITALISED = regex.compile(r"\p{Lu}\p{Ll}+")
_QUOTED = regex.compile(r"[^\p{L}]*[\p{Pi}\p{Pf}\"'„]")
# Before a word that a list has, they make another: "microverdes", "autogovernança", "ультразвуковой".
_PREFIX = regex.compile(
    r"""(?: anti | auto | bio | cyber | ciber | crypto | cripto | eco | electro | eletro | geo | h[iy]dro | h[iy]per
          | infra | inter | intra | k[iy]lo | macro | mega | meta | micro | mini | multi | nano | neo | neuro | ph?oto
          | foto | pol[iy] | pseudo | ps[iy](?:ch|c)o | radio | rádio | semi | socio | super | tele | th?ermo | trans
          | turbo | ultra | v[ií]deo | анти | авто | гипер | интер | микро | мини | мульти | супер | теле | ультра )
        (?: s(?=s) | r(?=r) )?  # which Portuguese writes twice after a vowel
        (?P<word> .{4,} )""",
    regex.VERBOSE,
)


def missing() -> list[str]:
    """The packages of the lists that are not installed."""
    return [package for package in PACKAGES if not find_spec(package)]


def code(language: Language) -> str:
    """The name of a language in `LANGUAGES`, whatever its script and region."""
    return language.tag.partition("-")[0]


def frequencies(language: str) -> Mapping[str, float]:
    """How frequent each word of wordfreq's list is, from 0 to 1; of a language in `LANGUAGES`."""
    from wordfreq import get_frequency_dict

    return get_frequency_dict(language)


def has_lemma(word: str, language: str) -> bool:
    """Whether simplemma knows the word, in small letters."""
    if language not in SIMPLEMMA:
        return False
    from simplemma import is_known

    return is_known(word, lang=language)


def words(text: str, language: Language) -> Iterator[str]:
    """The words of a text; what an apostrophe joins is apart, as in "l'eau"."""
    for word in tokens(unicodedata.normalize("NFC", text), language):
        yield from word.replace("’", "'").split("'")


class WordLists:
    """Finds words that are neither in a list of the target language nor in the source; that language has lists."""

    def __init__(self, src: Language, tgt: Language) -> None:
        self._src, self._tgt = src, tgt
        self._language, self._source_language = code(tgt), code(src)
        self.judges_copies = self._source_language in SIMPLEMMA - {self._language}
        self._frequent = frequencies(self._language)
        self._frequent_in_source = frequencies(self._source_language) if self.judges_copies else {}

    def words_of_source(self, source: str) -> set[str]:
        """The words that the translations of a text may keep, in small letters."""
        kept = {word.casefold() for word in words(source, self._src)}
        return kept | {word.removesuffix("s") for word in kept}  # "neutrons" -> "neutron"

    def invented(self, sentence: str, kept: set[str]) -> list[str]:
        """The invented words of a translated sentence, in small letters, each as often as it occurs.

        The first word is judged, since its capital says nothing; other words with a capital are names.

        Args:
            sentence: of the target language.
            kept: what `words_of_source` returned.
        """
        invented = []
        for place, word in enumerate(words(sentence, self._tgt)):
            is_name = place > 0 and word != word.casefold() and self._language not in NOUNS_IN_CAPITALS
            if word.isalpha() and not is_name and word.casefold() not in kept and not self._is_listed(word.casefold()):
                invented.append(word.casefold())
        return invented

    def left(self, sentence: str, kept: set[str]) -> list[str]:
        """The words that a translated sentence keeps from the source; the arguments are those of `invented`.

        Shorter ones are words of many languages.
        """
        return [word for word in words(sentence, self._tgt) if len(word) >= SHORTEST and word.casefold() in kept]

    def first_left(self, source: str, translation: str, names: Collection[str]) -> str | None:
        """The first word of a sentence, in small letters, if its translation keeps it and it is no name.

        Its capital says nothing: "Peahens are drab" became "Peahens são". A name of several words has another capital
        after it, and a title has quotation marks.

        Args:
            source: the sentence.
            translation: of it.
            names: words that the source writes with a capital within a sentence.
        """
        first, translated = next(words(source, self._src), ""), list(islice(words(translation, self._tgt), 2))
        if translated[:1] != [first] or first in names or not _CAPITALISED.fullmatch(first):
            return None
        if _QUOTED.match(source) or any(word[:1].isupper() for word in translated[1:]):
            return None
        return first.casefold() if self.is_of_source(first.casefold()) else None

    def is_of_source(self, word: str) -> bool:
        """Whether a word, in small letters, is one of the source language, and hardly used in that of the target."""
        if not self.judges_copies or not word.isalpha() or len(word) < SHORTEST:
            return False
        if not has_lemma(word, self._source_language) or has_lemma(word, self._language):
            return False  # "brevirostris" is Latin in both
        return self._frequent_in_source.get(word, 0.0) > RARER * self._frequent.get(word, 0.0)

    def _is_listed(self, word: str) -> bool:
        if word in self._frequent or has_lemma(word, self._language):
            return True
        composed = _PREFIX.fullmatch(word)
        return bool(composed) and (composed["word"] in self._frequent or has_lemma(composed["word"], self._language))
