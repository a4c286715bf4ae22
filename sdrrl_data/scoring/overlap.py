"""Overlap: how much of the source was copied into the target instead of translated."""

from collections.abc import Sequence
from typing import Any, Literal

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.text.tokens import runs

ORDER = 3  # words in a run
MIN_WORDS = 5


class OverlapConfig(CountingConfig):
    """How much of the source was copied instead of translated."""

    kind: Literal["overlap"] = "overlap"

    scores = (
        Score(
            "overlap",
            unscored="translations of fewer than five words",
            says="share of the translation's words in runs of words that the source has too (0 to 1)",
            misses="copied names and numbers, which it leaves out; very short texts",
            high="with words copied from the source",
            better="less",
            highest=1,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """The share of the prose that was copied."""
        return [copied_share(pair.source_words, pair.target_words)]


def copied_share(source: Sequence[str], target: Sequence[str]) -> float | None:
    """The share of the target's words in runs of three words that the source has too, from 0 to 1.

    Numbers and words that begin with a capital do not count as copied: names stay the same. A copied text scores 0.7 to
    1, depending on how many of these words it has. None for a target of fewer than five words.

    Args:
        source: the words of the source's prose.
        target: the words of the target's prose.
    """
    if len(target) < MIN_WORDS:
        return None
    target_runs = runs(target, ORDER)
    shared_runs = set(target_runs).intersection(runs(source, ORDER))
    if not shared_runs:
        return 0.0
    copied: set[int] = set()
    for start, run in enumerate(target_runs):
        if run in shared_runs:
            copied.update(range(start, start + ORDER))
    return sum(target[place][0].isalpha() and not target[place][0].isupper() for place in copied) / len(target)
