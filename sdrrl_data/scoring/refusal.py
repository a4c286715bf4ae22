"""Refusals: does an answer decline to answer?"""

from sdrrl_data.scoring.refusal_phrases import PATTERNS

LOOKED_AT = 400  # characters: a refusal shows within its first sentences
_APOSTROPHES = str.maketrans("’‘ʼ´`", "'''''")


def refused(text: str, language: str) -> bool | None:
    """Whether an answer declines to answer, by how it begins.

    Sure rather than complete: an answer that only regrets something ("I'm sorry to hear that") is no refusal, and one
    that refuses later on, or in unusual words, is not found.

    Args:
        text: the answer.
        language: BCP 47 tag of the language that it is in.

    Returns:
        None for a language whose phrases are not known here.
    """
    pattern = PATTERNS.get(language.split("-")[0])
    if pattern is None:
        return None
    beginning = " ".join(text.translate(_APOSTROPHES)[:LOOKED_AT].split())
    return pattern.match(beginning) is not None
