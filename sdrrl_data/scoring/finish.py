"""Finish: does the translation end as the source does?"""

from typing import Any, Literal

from sdrrl_data.languages import Language
from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair

# Sentence ends: in Latin, Greek, Armenian, Arabic, Indic, Burmese, Khmer, Ethiopic, Chinese, Japanese, Tibetan.
_MARKS = tuple(".!?…‽;։؟۔।॥။៕។።፧。！？．｡།")
_CLOSING = "\"'”’“‘»«›‹)]}」』】》〉）］｝"  # what may follow such a mark
_AROUND = " \t\n\r*_~\u200b\u200c\u200d\u200e\u200f\ufeff"  # space, emphasis, and invisible characters
UNMARKED = ("th", "lo")  # languages that do not mark where a sentence ends


class FinishConfig(CountingConfig):
    """Whether the translation ends as the source does."""

    kind: Literal["finish"] = "finish"

    scores = (
        Score(
            "finished",
            unscored="sources that do not end with a mark; languages without such marks",
            says="1 if the translation ends a sentence where its source does, 0 if it does not",
            misses="what is missing before the end; sources that end without a mark, languages without such marks",
            low="not ended as the source is",
            highest=1,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """Whether the whole target is finished."""
        return [finished(pair.pair.source, pair.pair.target, pair.src, pair.tgt)]


def finished(source: str, target: str, src: Language, tgt: Language) -> float | None:
    """1 if both texts end with the end of a sentence, 0 if only the source does.

    A target may end with just a closing quote or bracket: Japanese puts no full stop before it. None if the source does
    not end with the end of a sentence, and for Thai and Lao, which do not mark it.
    """
    if src.tag in UNMARKED or tgt.tag in UNMARKED:
        return None
    if not source.rstrip(_AROUND + _CLOSING).endswith(_MARKS):
        return None
    return float(target.rstrip(_AROUND).endswith((*_MARKS, *_CLOSING)))
