"""Gold links for aligners: English sentences translated into an invented language.

Each English word becomes an invented one, some become two, some neighbours become one together. Then words are moved,
dropped and put in.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sdrrl_data.recipe import draws
from sdrrl_data.text.switching import Sentence, Swap
from sdrrl_data.text.words import words

DROPPED = INSERTED = 0.08  # of the words
REACH = 2.5  # words that a word may move
ONE_AS_TWO = 0.05  # of the vocabulary
TWO_AS_ONE = 0.03  # of all pairs of neighbours
PARTICLES = 8  # words without a counterpart
RARE = 2  # a word that does not occur more often than this may get an ending
ENDINGS = 4
FORMS = ("", "ya", "ye")  # endings that a word may have; no other word contains the letter

LATIN = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwxz" for vowel in "aeiou"]
KANA = [chr(code) for code in range(ord("か"), ord("ん"))]

Group = tuple[int, ...]  # English words with a common counterpart


class Gold(NamedTuple):
    """A sentence, its translation, and which words belong together (by their index)."""

    source: Sentence
    target: Sentence
    links: set[tuple[int, int]]

    def tokens(self) -> tuple[list[str], list[str]]:
        """The input of an aligner."""
        return self.source.tokens(), self.target.tokens()

    def turned(self) -> "Gold":
        """The same pair in the other direction."""
        return Gold(self.target, self.source, {(j, i) for i, j in self.links})

    def is_right(self, swap: Swap) -> bool:
        """Whether the replacement is exactly the counterpart of the words that it replaces."""
        source_words = {
            index for index, (start, end) in enumerate(self.source.words) if swap.start <= start and end <= swap.end
        }
        target_words = sorted({j for i, j in self.links if i in source_words})
        if not target_words or {i for i, j in self.links if j in target_words} != source_words:
            return False
        stretch = self.target.text[self.target.words[target_words[0]][0] : self.target.words[target_words[-1]][1]]
        return (
            target_words[-1] - target_words[0] == len(target_words) - 1
            and stretch.casefold() == swap.replacement.casefold()
        )


def invented(lines: Sequence[str], *, spaces: bool = True, endings: bool = False, forms: bool = False) -> list[Gold]:
    """Each line with its translation into the invented language.

    Args:
        lines: English sentences.
        spaces: whether there are any between invented words; without them, they are in kana.
        endings: whether rare words share a few.
        forms: whether a word comes in several, now one and now another, as words do that are inflected.
    """
    sentences = [Sentence(line, words(line, "en"), "en") for line in lines]
    counts = Counter(token.casefold() for sentence in sentences for token in sentence.tokens())
    rare = {word for word, count in counts.items() if endings and count <= RARE}
    lexicon = _Lexicon(LATIN if spaces else KANA, rare)
    drawn = random.Random(0)
    gold = [_translated(sentence, lexicon, drawn, FORMS if forms else ("",)) for sentence in sentences]
    return [
        Gold(source, _written(target, " " if spaces else ""), links)
        for source, (target, links) in zip(sentences, gold, strict=True)
    ]


def _translated(
    source: Sentence, lexicon: "_Lexicon", drawn: random.Random, forms: Sequence[str]
) -> tuple[list[str], set[tuple[int, int]]]:
    """The invented words, and their links."""
    tokens = source.tokens()
    kept_groups = [group for group in _groups(tokens) if drawn.random() >= DROPPED]
    target: list[str] = []
    links: set[tuple[int, int]] = set()
    for group in sorted(kept_groups, key=lambda group: group[0] + drawn.uniform(0, REACH)):
        if drawn.random() < INSERTED:
            target.append(lexicon.particle(drawn.randrange(PARTICLES)))
        for word in lexicon.translations([tokens[i] for i in group]):
            links |= {(i, len(target)) for i in group}
            form = word if _has_digit(word) else word + drawn.choice(forms)
            target.append(form.capitalize() if 0 not in group and tokens[group[0]][0].isupper() else form)
    return target, links


def _written(tokens: Sequence[str], gap: str) -> Sentence:
    """These words one after another, the first with a capital."""
    text, spans = "", []
    for token in tokens:
        text += gap if text else ""
        spans.append((len(text), len(text) + len(token)))
        text += token
    return Sentence(text[:1].upper() + text[1:], spans)


def _groups(tokens: Sequence[str]) -> list[Group]:
    """The groups of words: neighbours that always become one word together, and single words."""
    groups: list[Group] = []
    for index, token in enumerate(tokens):
        last = groups[-1] if groups else ()
        pair = [tokens[index - 1], token]
        if len(last) == 1 and not _has_digit("".join(pair)) and _share("two as one", *pair) < TWO_AS_ONE:
            groups[-1] = (*last, index)
        else:
            groups.append((index,))
    return groups


class _Lexicon:
    """The translation of each English word, or pair of words, into the invented language: always the same."""

    def __init__(self, syllables: Sequence[str], rare: set[str]) -> None:
        self._syllables = syllables
        self._rare = rare
        self._made: dict[tuple[str, ...], str] = {}
        self._taken: set[str] = set()

    def translations(self, tokens: Sequence[str]) -> list[str]:
        """One word or two. Numbers stay as they are."""
        if _has_digit(tokens[0]):
            return [tokens[0]]
        folded = [token.casefold() for token in tokens]
        if len(folded) == 1 and _share("one as two", *folded) < ONE_AS_TWO:
            return [self._word(*folded, number) for number in "12"]
        return [self._word(*folded)]

    def particle(self, number: int) -> str:
        """A word without an English counterpart."""
        return self._word("put in", str(number))

    def _word(self, *key: str) -> str:
        if key not in self._made:
            drawn = random.Random(" ".join(key))
            word = "".join(drawn.choices(self._syllables, k=(len(key[0]) + 1) // 2))
            ending = self._syllables[drawn.randrange(ENDINGS)] if key[0] in self._rare else ""
            while word + ending in self._taken:
                word += drawn.choice(self._syllables)
            self._taken.add(word + ending)
            self._made[key] = word + ending
        return self._made[key]


def _share(*key: str) -> float:
    return draws.share(*(word.casefold() for word in key))


def _has_digit(token: str) -> bool:
    return any(map(str.isdigit, token))
