"""Overlap: how much of the source was copied into the target instead of translated."""

from collections.abc import Sequence
from typing import Any, Literal

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.scoring.tokens import runs

ORDER = 3  # words in a run
MIN_WORDS = 5


class OverlapConfig(CountingConfig):
    """How much of the source was copied instead of translated."""

    kind: Literal["overlap"] = "overlap"

    scores = (
        Score(
            "overlap",
            says="share of the translation's words in runs of words that the source has too (0 to 1)",
            misses="copied names and numbers, which it leaves out; very short texts",
            better="less",
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """The share of the prose that was copied."""
        return [copied_share(pair.source_words, pair.target_words)]


def copied_share(source: Sequence[str], target: Sequence[str]) -> float | None:
    """The share of the target's words that stand in a run of three words which the source has too, from 0 to 1.

    Numbers and words that begin with a capital do not count as copied: names stay the same. A copied text scores 0.7 to
    1, by how many it has of them. None for a target of fewer than five words.

    Args:
        source: the words of the source's prose.
        target: those of the target's.
    """
    if len(target) < MIN_WORDS:
        return None
    theirs = runs(target, ORDER)
    ours = set(theirs).intersection(runs(source, ORDER))
    if not ours:
        return 0.0
    copied: set[int] = set()
    for start, run in enumerate(theirs):
        if run in ours:
            copied.update(range(start, start + ORDER))
    return sum(target[place][0].isalpha() and not target[place][0].isupper() for place in copied) / len(target)
