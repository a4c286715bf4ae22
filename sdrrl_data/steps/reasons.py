"""Why a filter drops a text, in words: what the text is, its score, and the bound that it is beyond.

Everything that shows a reason asks here: the end of a run, `inspect`, `tune`, the report.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from sdrrl_data.recipe import Score, of_both_texts
from sdrrl_data.run import FilterCount, Manifest

_PERCENTILE = re.compile(r"\S+ \((.+%)\)$")  # with its value, which is another one for questions and for answers
_SETTING = re.compile(r"\bgenerator\.(\w+)")


class Reasons(NamedTuple):
    """Puts into words why filters drop texts."""

    scores: Mapping[str, Score]  # by column; others have no words of their own
    generator: Mapping[str, Any]  # the recipe's, whose settings some words name

    @classmethod
    def of(cls, manifest: Manifest, scores: Mapping[str, Score]) -> Self:
        """For the filters of a run."""
        return cls(scores, manifest.recipe.get("generator", {}))

    def of_text(self, failure: Mapping[str, Any], counted: Sequence[str] = ()) -> str:
        """Why one text fails, from a failure in its verdict: "too long: length is 1.9, must be <= 1.7".

        Args:
            failure: see `verdicts.FAILURE`.
            counted: the words that the score counts, if it counts any.
        """
        threshold = failure["threshold"]
        named = f" ({', '.join(counted)})" if counted else ""
        value = f"{failure['filter']} is {failure['value']:.4g}{named}, must be {threshold}"
        words = self.words(failure["filter"], threshold)
        return f"{words}: {value}" if words else value

    def of_filter(self, count: FilterCount, threshold: Mapping[str, Any] | None = None) -> str:
        """What the texts are that a filter drops: "answers cut at 320 tokens (src_finished < 1)".

        Args:
            count: the texts that fail it.
            threshold: as the recipe has it, for runs of earlier versions, which did not count by bound.
        """
        bounds = list(count.bounds) or _bounds(threshold or {})
        texts = [
            f"{text}s"
            for text in ("question", "answer")
            if any(number for name, number in count.texts.items() if name.startswith(text))
        ]
        words = " or ".join(filter(None, dict.fromkeys(self.words(count.filter, bound) for bound in bounds)))
        beyond = " or ".join(dict.fromkeys(outside(_PERCENTILE.sub(r"\1", bound)) for bound in bounds))
        return f"{' '.join(filter(None, [' and '.join(texts), words]))} ({f'{count.filter} {beyond}'.strip()})"

    def words(self, filter: str, threshold: str) -> str:
        """What a text is that fails this bound: "shorter than usual"; empty if the scorer does not say it.

        Args:
            filter: as the recipe names it.
            threshold: what the value must be, as a verdict has it: ">= 0.65".
        """
        score = self.scores.get(of_both_texts(filter))
        words = (score.low if threshold.startswith(">=") else score.high) if score else ""
        return _SETTING.sub(lambda setting: str(self.generator.get(setting[1], setting[0])), words)


def outside(threshold: str) -> str:
    """The values that fail: "< 0.65" for ">= 0.65"."""
    return threshold.replace(">=", "<", 1) if threshold.startswith(">=") else threshold.replace("<=", ">", 1)


def _bounds(threshold: Mapping[str, Any]) -> list[str]:
    signs = {"min": ">=", "max": "<="}
    bounds = {name: threshold[name] for name in signs if threshold.get(name) is not None}
    return [f"{signs[name]} {bound if isinstance(bound, str) else f'{bound:g}'}" for name, bound in bounds.items()]
