"""Finish: does the translation end as the source does?"""

from sdrrl_data.languages import Language

# What ends a sentence: in Latin, Greek, Armenian, Arabic, Indic, Burmese, Khmer, Ethiopic, Chinese, Japanese, Tibetan.
_MARKS = tuple(".!?…‽;։؟۔।॥။៕។።፧。！？．｡།")
_CLOSING = "\"'”’“‘»«›‹)]}」』】》〉）］｝"  # what may follow one
_AROUND = " \t\n\r*_~\u200b\u200c\u200d\u200e\u200f\ufeff"  # space, emphasis, and what cannot be seen
UNMARKED = ("th", "lo")  # languages that do not mark where a sentence ends


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
