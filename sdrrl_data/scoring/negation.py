"""Negations: is one of the source missing in the target?"""

from typing import Any, Literal

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from sdrrl_data.text.masking import plain
from sdrrl_data.text.negations import count, has_list


class NegationConfig(CountingConfig):
    """Whether a translation still says "not" where its source does."""

    kind: Literal["negation"] = "negation"

    scores = (
        Score(
            "negation",
            unscored="texts without sentences; languages without a list",
            says="number of sentences with a negation (not, never, without) whose translation has none",
            misses="a negation that is added, or lost beside another one; one that is only a prefix (unlikely); "
            "languages without a list",
            high="with a lost negation",
            better="less",
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """The sentences of the pair; None if there are none, or a language has no list.

        Only a lost negation counts: of 997 English sentences of FLORES-200, 1 to 16 in each of ten languages say it in
        other words than "not", but 12 (Portuguese) to 210 (Thai) translations have a negation where English does not
        ("unable", "few", "lack").
        """
        src, tgt = pair.src.tag, pair.tgt.tag
        if not pair.pair.units or not (has_list(src) and has_list(tgt)):
            return [None]
        return [float(sum(count(source, src) > 0 == count(target, tgt) for source, target in plain(pair.pair)))]
