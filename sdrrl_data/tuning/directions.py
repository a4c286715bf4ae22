"""Which values of a score are the good ones."""

from typing import Literal

from sdrrl_data.recipe import BoundsConfig

Direction = Literal["more", "less", "both"]  # is better; both: neither much more nor much less than usual

LESS_IS_BETTER = {
    "src_refused",
    "src_repetition",
    "repetition",
    "src_repeated_lines",
    "repeated_lines",
    "overlap",
    "src_personal",
    "personal",
    "src_duplicate",
    "duplicate",
    "src_contamination",
    "contamination",
}
THE_USUAL_IS_BETTER = {"length", "length_words", "src_compression", "compression"}


def direction(score: str, threshold: BoundsConfig | None = None) -> Direction:
    """Which values of a score are the good ones: of most, the high ones.

    Args:
        score: its name, without the text that it is of.
        threshold: the one in force: it tells what is meant by a score of the user's own.
    """
    if score in LESS_IS_BETTER:
        return "less"
    if score in THE_USUAL_IS_BETTER:
        return "both"
    if threshold is None or threshold.max is None:
        return "more"
    return "less" if threshold.min is None else "both"
