"""Length of the target against length of the source."""

from collections.abc import Sequence

from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.scoring import prose

MIN_CHARACTERS = 10  # of the longer side: "yes" is three times as long as "é", and that says nothing


class LengthScorer:
    """Characters of the target's prose divided by characters of the source's: from 0 upwards.

    What is usual depends on the languages: about 1.1 for English to Portuguese, 0.4 for English to Japanese. Much less
    is a translation that was cut off, much more one that rambles. None without a sentence, and where both sides
    are very short.
    """

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> dict[str, list[float | None]]:
        """Column `length`."""
        ratios: list[float | None] = []
        for pair in pairs:
            source, target = map(len, prose(pair))
            judged = source and max(source, target) >= MIN_CHARACTERS
            ratios.append(target / source if judged else None)
            advance(1)
        return {"length": ratios}
