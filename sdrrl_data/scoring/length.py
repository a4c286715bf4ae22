"""Length of the translation compared with what is usual for its two languages."""

from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple, Self

from sdrrl_data.languages import Language
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.text.masking import plain
from sdrrl_data.text.tokens import tokens

# Characters that a source text needs to be judged. One in twenty true translations of 20 to 40 characters is outside
# 0.65 to 1.7 (Tatoeba, twelve languages), of 100 and more one in two hundred (FLORES-200, ten languages).
MIN_CHARACTERS = 40
MIN_LEARNED = 20  # characters of a source sentence that is learned from
MIN_SENTENCES = 30  # needed to learn from: their median is then right to within 5 %
MAX_SENTENCES = 2000


class Expectation(NamedTuple):
    """How long the translations of a run usually are, for one character and for one word of the source."""

    characters: float | None  # None: there was too little to learn from
    words: float | None

    @classmethod
    def learn(cls, usual: Sequence[TextPair], src: Language, tgt: Language) -> Self:
        """The medians over the first 2,000 sentences of these pairs; up to half of the pairs may be broken.

        Both are None if there are fewer than 30 sentences of 20 characters or more.
        """
        sentences = [
            sentence
            for pair in usual
            for sentence in plain(pair)
            if len(sentence[0]) >= MIN_LEARNED and sentence[1].strip()
        ][:MAX_SENTENCES]
        if len(sentences) < MIN_SENTENCES:
            return cls(None, None)
        counts = [(len(tokens(source, src)), len(tokens(target, tgt))) for source, target in sentences]
        return cls(
            median(len(target) / len(source) for source, target in sentences),
            median(target / source for source, target in counts if source),
        )


class LengthConfig(CountingConfig):
    """Length of the translation compared with what is usual in the run's pairs."""

    kind: Literal["length"] = "length"

    learns_usual = True
    scores = (
        Score(
            "length",
            unscored="sources of less than 40 characters; all texts of a run with too few sentences to learn from",
            says="characters of the translation compared with what is usual for its source in this run (1: as usual)",
            misses="anything but length; very short texts",
            low="shorter than usual",
            high="longer than usual",
            better="usual",
        ),
        Score(
            "length_words",
            unscored="sources of less than 40 characters; all texts of a run with too few sentences to learn from",
            says="words of the translation compared with what is usual for its source in this run (1: as usual)",
            misses="anything but length; very short texts",
            low="with fewer words than usual",
            high="with more words than usual",
            better="usual",
        ),
    )

    def learn(self, usual: Sequence[TextPair], src: Language, tgt: Language) -> list[float | None]:
        """How long translations usually are."""
        return list(Expectation.learn(usual, src, tgt))

    def count(self, pair: PreparedPair, learned: Sequence[float | None]) -> list[float | None]:
        """The lengths of the prose."""
        if len(pair.source) < MIN_CHARACTERS:
            return [None, None]
        usual = Expectation(*learned)
        return [
            against_usual(len(pair.source), len(pair.target), usual.characters),
            against_usual(len(pair.source_words), len(pair.target_words), usual.words),
        ]


def against_usual(source: int, target: int, usual: float | None) -> float | None:
    """The target's length divided by the usual length for such a source: 1 is as usual, 0.5 is half.

    This means the same in all pairs of languages: of true sentences (FLORES-200, English into ten languages) one in a
    hundred is below 0.64 to 0.73 in characters, and one in a hundred above 1.4 to 1.6. The deviation of Gale and Church
    (1993, https://aclanthology.org/J93-1004), which allows more in long texts, told half texts from full ones worse.
    """
    return target / (source * usual) if source and usual else None
