"""Finish: does the translation end as the source does?"""

from typing import Any, Literal

from sdrrl_data.languages import Language
from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair

# What ends a sentence: in Latin, Greek, Armenian, Arabic, Indic, Burmese, Khmer, Ethiopic, Chinese, Japanese, Tibetan.
_MARKS = tuple(".!?…‽;։؟۔।॥။៕។።፧。！？．｡།")
_CLOSING = "\"'”’“‘»«›‹)]}」』】》〉）］｝"  # what may follow one
_AROUND = " \t\n\r*_~\u200b\u200c\u200d\u200e\u200f\ufeff"  # space, emphasis, and what cannot be seen
UNMARKED = ("th", "lo")  # languages that do not mark where a sentence ends


class FinishConfig(CountingConfig):
    """Whether the translation ends as the source does."""

    kind: Literal["finish"] = "finish"

    scores = (
        Score(
            "finished",
            says="1 if the translation ends a sentence where its source does, 0 if it does not",
            misses="what is missing before the end; sources that end without a mark, languages that have none",
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """Whether the whole target is finished."""
        return [finished(pair.pair.source, pair.pair.target, pair.src, pair.tgt)]


def finished(source: str, target: str, src: Language, tgt: Language) -> float | None:
    """1 where both texts end with the end of a sentence, 0 where only the source does.

    A target may end with a closing quote or bracket alone: Japanese puts no full stop before one. None where the
    source does not end so, and for Thai and Lao, which have no such mark.
    """
    if src.tag in UNMARKED or tgt.tag in UNMARKED:
        return None
    if not source.rstrip(_AROUND + _CLOSING).endswith(_MARKS):
        return None
    return float(target.rstrip(_AROUND).endswith((*_MARKS, *_CLOSING)))
