"""chrF++: how many character and word n-grams two texts share."""

from collections.abc import Callable, Sequence

import polars as pl

from sdrrl_data.protocols import Advance, TextPair


def chrf_plus_plus() -> Callable[[str, str], float]:
    """The function that computes the chrF++ of a text against its reference, from 0 to 100 (identical).

    Source: Popović 2017, https://aclanthology.org/W17-4770, through sacrebleu:
    `nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no`.
    """
    from sacrebleu.metrics import CHRF

    metric = CHRF(word_order=2)
    return lambda text, reference: float(metric.sentence_score(text, [reference]).score)


class ChrfScorer:
    """chrF++ of the target against the source, both in the same language, from 0 to 100 (identical).

    Compares the sentences of whole texts. None if the source has no sentences.
    """

    def __init__(self) -> None:
        self._chrf = chrf_plus_plus()

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `chrf`."""
        scores: list[float | None] = []
        for pair in pairs:
            source, target = (
                (" ".join(side).strip() for side in zip(*pair.sentences(), strict=True)) if pair.units else ("", "")
            )
            scores.append(self._chrf(target, source) if source else None)
            advance(1)
        return pl.DataFrame({"chrf": scores}, schema={"chrf": pl.Float64})
