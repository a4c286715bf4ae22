"""Refusals: does an answer decline to answer?"""

from sdrrl_data.scoring.refusal_phrases import PATTERNS

LOOKED_AT = 400  # characters: a refusal shows in the first sentences
_APOSTROPHES = str.maketrans("’‘ʼ´`", "'''''")


def refused(text: str, language: str) -> bool | None:
    """Whether an answer declines to answer, by how it begins.

    Precision matters more than recall: an answer that only regrets something ("I'm sorry to hear that") is not a
    refusal, and a refusal later in the answer, or in unusual words, is not found.

    Args:
        text: the answer.
        language: the BCP 47 tag of the answer's language.

    Returns:
        None for a language whose phrases are not known here.
    """
    pattern = PATTERNS.get(language.split("-")[0])
    if pattern is None:
        return None
    beginning = " ".join(text.translate(_APOSTROPHES)[:LOOKED_AT].split())
    return pattern.match(beginning) is not None
